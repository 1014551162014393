import { disguised, failure, frameworkError, json, projectNotFound } from './answers.ts';
import type { Answer } from './answers.ts';
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
    const world = this.#world;
    const { name } = call.route;
    if (name === 'user') return showUser(world, call);
    if (name === 'limits') return showLimits(world);
    if (name === 'projects.list') return listProjects(world, call);
    return this.#enterProject(call);
  }

  #enterProject(call: Call): Answer {
    const { account, faults } = this.#world;
    const { project = '' } = call.route;
    if (!/^\d{1,15}$/u.test(project)) return failure(400, call.url, 'Agent id must be integer');
    const projectId = Number(project);
    const forbidden = faults.forbiddenProjects.get(projectId);
    if (forbidden === 403) return failure(403, call.url);
    if (
      forbidden === 404 ||
      faults.vanishedProjects.has(projectId) ||
      account.project(projectId) === undefined
    ) {
      return projectNotFound(call.url, project);
    }
    return this.#insideProject({ ...call, projectId });
  }

  #insideProject(call: ProjectCall): Answer {
    const world = this.#world;
    switch (call.route.name) {
      case 'projects.get':
        return showProject(world, call);
      case 'projects.settings':
        return showSettings(world, call);
      case 'projects.delete':
        return deleteProject(world, call);
      case 'conversations.list':
        return listConversations(world, call);
      case 'conversations.create':
        return createConversation(world, call);
      case 'conversations.rename':
        return renameConversation(world, call);
      case 'conversations.delete':
        return deleteConversation(world, call);
      case 'messages.list':
        return listMessages(world, call);
      case 'messages.post':
        return postMessage(world, call);
      case 'user':
      case 'limits':
      case 'projects.list':
      case 'other':
        throw new Error(`${call.route.name} is not a route of a project.`);
    }
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
