import type { Project } from './accounts.ts';
import { disguised, failure, success, type Answer } from './answers.ts';
import { pageAsked, type Call, type ProjectCall, type World } from './call.ts';
import { paginate } from './pages.ts';
import { limitsRow, projectRow, settingsRow, userRow } from './rows.ts';

export function showUser(world: World, call: Call): Answer {
  const { user } = world.faults;
  if (user === 'html') return disguised(200, 'html', call.url);
  if (user !== 'named') return failure(user, call.url);
  return success(userRow(world.account, world.faults.stringlyTyped));
}

export function showLimits(world: World): Answer {
  return success(limitsRow(world.account));
}

export function listProjects(world: World, call: Call): Answer {
  const { account, faults } = world;
  const name = call.query.get('name');
  const direction = call.query.get('order') === 'asc' ? 1 : -1;
  const byCreation = call.query.get('orderBy') === 'created_at';
  const key = (project: Project): number => (byCreation ? project.createdAt : project.id);
  const projects = account
    .projects()
    .filter((project) => !faults.vanishedProjects.has(project.id))
    .filter((project) => name === null || contains(project.name, name))
    .sort((a, b) => direction * (key(a) - key(b) || a.id - b.id));
  const page = paginate(pageAsked(world, call, faults.projectsPageSize), (offset, count) => ({
    rows: projects
      .slice(offset, offset + count)
      .map((project) => projectRow(project, account, faults.stringlyTyped)),
    total: projects.length,
  }));
  return success(page);
}

export function showProject(world: World, call: ProjectCall): Answer {
  return success(projectRow(call.project, world.account, world.faults.stringlyTyped));
}

export function showSettings(_world: World, call: ProjectCall): Answer {
  return success(settingsRow(call.project));
}

/** As destructive as out there, so that a client able to send it is caught red-handed. */
export function deleteProject(world: World, call: ProjectCall): Answer {
  world.account.removeProject(call.projectId);
  return success({ deleted: true });
}

export function contains(text: string, part: string): boolean {
  return text.toLowerCase().includes(part.toLowerCase());
}
