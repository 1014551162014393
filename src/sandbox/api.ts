import { disguised, failure, frameworkError, json, projectNotFound, type Answer } from './answers.ts';
import type { Call, ProjectCall, World } from './call.ts';
import {
  createConversation,
  deleteConversation,
  listConversations,
  listMessages,
  postMessage,
  renameConversation,
} from './conversation-routes.ts';
import {
  deleteProject,
  listProjects,
  showLimits,
  showProject,
  showSettings,
  showUser,
} from './project-routes.ts';
import { RateLimiter } from './rate-limiter.ts';
import type { RouteName } from './routes.ts';

type Answering<C extends Call> = Readonly<Partial<Record<RouteName, (world: World, call: C) => Answer>>>;

const OUTSIDE_PROJECTS: Answering<Call> = {
  user: showUser,
  limits: showLimits,
  'projects.list': listProjects,
};

const INSIDE_PROJECTS: Answering<ProjectCall> = {
  'projects.get': showProject,
  'projects.settings': showSettings,
  'projects.delete': deleteProject,
  'conversations.list': listConversations,
  'conversations.create': createConversation,
  'conversations.rename': renameConversation,
  'conversations.delete': deleteConversation,
  'messages.list': listMessages,
  'messages.post': postMessage,
} satisfies Record<Exclude<RouteName, 'user' | 'limits' | 'projects.list' | 'other'>, unknown>;

/** The honest API, apart from what `Faults` says about the account and the unknowns. */
export class Api {
  readonly #world: World;
  readonly #apiKey: string;
  readonly #limiter = new RateLimiter();

  constructor(world: World, apiKey: string) {
    this.#world = world;
    this.#apiKey = apiKey;
  }

  answer(call: Call): Answer {
    const { faults, now } = this.#world;
    if (faults.everything404 !== false) {
      return disguised(404, faults.everything404 === true ? 'html' : faults.everything404, call.url);
    }
    if (call.route.name === 'other') return unknownRoute(call);
    if (faults.revokedKey || !this.#isAuthorized(call.authorization)) return failure(401, call.url);
    if (faults.rateLimit === undefined) return this.#dispatch(call);
    const { refusal, headers } = this.#limiter.admit(faults.rateLimit, now(), call.url);
    if (refusal !== undefined) return refusal;
    const answer = this.#dispatch(call);
    return { ...answer, headers: { ...answer.headers, ...headers } };
  }

  #isAuthorized(authorization: string | undefined): boolean {
    const [scheme, key] = (authorization ?? '').split(' ');
    return scheme?.toLowerCase() === 'bearer' && key === (this.#world.faults.exchangedKey ?? this.#apiKey);
  }

  #dispatch(call: Call): Answer {
    const answerTo = OUTSIDE_PROJECTS[call.route.name];
    return answerTo === undefined ? this.#enterProject(call) : answerTo(this.#world, call);
  }

  #enterProject(call: Call): Answer {
    const { account, faults } = this.#world;
    const { project = '' } = call.route;
    if (!/^\d{1,15}$/u.test(project)) return failure(400, call.url, 'Agent id must be integer');
    const projectId = Number(project);
    const forbidden = faults.forbiddenProjects.get(projectId);
    if (forbidden === 403) return failure(403, call.url);
    const entered = faults.vanishedProjects.has(projectId) ? undefined : account.project(projectId);
    if (forbidden === 404 || entered === undefined) return projectNotFound(call.url, project);
    const answerTo = INSIDE_PROJECTS[call.route.name];
    if (answerTo === undefined) throw new Error(`${call.route.name} is not a route of a project.`);
    const { sessionId = '' } = call.route;
    return answerTo(this.#world, { ...call, project: entered, projectId, sessionId });
  }
}

function unknownRoute(call: Call): Answer {
  const { allowed, path } = call.route;
  const route = path.slice(1);
  if (allowed.length === 0) return frameworkError(404, `The route ${route} could not be found.`, call.accept);
  const allow = allowed.join(', ');
  if (call.method === 'OPTIONS') return { ...json(200, null), body: '', headers: { allow } };
  const message = `The ${call.method} method is not supported for route ${route}. Supported methods: ${allow}.`;
  const answer = frameworkError(405, message, call.accept);
  return { ...answer, headers: { ...answer.headers, allow } };
}
