import type { Account, Project } from './accounts.ts';
import type { ConversationRecord, Message } from './conversation.ts';
import type { Faults } from './faults.ts';

/**
 * Objects as they go over the wire: as recorded in November 2025 or, `stringly`, as the vendor's OpenAPI document
 * shows them, with strings for foreign ids and dates without a zone.
 */
export function conversationRow(
  record: ConversationRecord,
  { stringlyTyped: stringly, createdLaterMs }: Pick<Faults, 'stringlyTyped' | 'createdLaterMs'>,
): Record<string, unknown> {
  return {
    id: record.id,
    created_at: timestamp(record.createdAt + createdLaterMs, stringly),
    updated_at: timestamp(record.updatedAt, stringly),
    session_id: record.sessionId,
    project_id: foreignId(record.projectId, stringly),
    created_by: foreignId(record.createdBy, stringly),
    name: record.name,
    ...(stringly ? { deleted_at: null } : { ended_at: null }),
    ...record.raw,
  };
}

export function messageRow(
  message: Message,
  record: ConversationRecord,
  stringly: boolean,
): Record<string, unknown> {
  return {
    id: message.id,
    user_id: foreignId(record.createdBy, stringly),
    user_query: message.query,
    openai_response: message.response,
    created_at: timestamp(message.createdAt, stringly),
    updated_at: timestamp(message.createdAt, stringly),
    conversation_id: foreignId(record.id, stringly),
    citations: [],
    metadata: {
      user_ip: message.userIp,
      user_agent: 'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko)',
      external_id: null,
      request_source: record.createdBy === null ? 'web' : 'api',
    },
    response_feedback: { created_at: null, updated_at: null, user_id: null, reaction: null },
  };
}

export function projectRow(project: Project, account: Account, stringly: boolean): Record<string, unknown> {
  return {
    id: project.id,
    project_name: project.name,
    sitemap_path: null,
    // Truth values are known to arrive as true, 1 and null alike.
    is_chat_active: project.id % 2 === 0 ? true : 1,
    user_id: foreignId(account.user.id, stringly),
    team_id: foreignId(account.user.teamId, stringly),
    created_at: timestamp(project.createdAt, stringly),
    updated_at: timestamp(project.createdAt, stringly),
    deleted_at: null,
    type: 'SITEMAP',
    is_shared: project.id % 3 === 0 ? null : 0,
    shareable_slug: null,
    shareable_link: null,
    embed_code: null,
    live_chat_code: null,
    are_licenses_allowed: false,
    ...project.raw,
  };
}

export function settingsRow(project: Project): Record<string, unknown> {
  return {
    chatbot_avatar: null,
    default_prompt: 'How can I help you?',
    response_source: 'own_content',
    chatbot_msg_lang: 'en',
    chatbot_color: '#000000',
    persona_instructions: null,
    enable_citations: 3,
    no_answer_message: "Sorry, I don't have an answer for that.",
    can_share_conversation: false,
    can_export_conversation: false,
    conversation_time_window: false,
    conversation_retention_period: project.retentionPeriod,
    conversation_retention_days: project.retentionDays,
    markdown_enabled: true,
  };
}

export function userRow(account: Account, stringly: boolean): Record<string, unknown> {
  const { id, teamId, name, email } = account.user;
  const createdAt = timestamp(Date.UTC(2023, 3, 30, 16, 43, 53), stringly);
  return {
    id: foreignId(id, stringly),
    name,
    email,
    current_team_id: foreignId(teamId, stringly),
    profile_photo_url: null,
    created_at: createdAt,
    updated_at: createdAt,
  };
}

export function limitsRow(account: Account): Record<string, unknown> {
  return {
    max_projects_num: 100,
    current_projects_num: account.projects().length,
    max_total_storage_credits: 60_000_000,
    current_total_storage_credits: 1_048_576,
    max_queries: 5_000,
    current_queries: 118,
  };
}

/** Whole seconds: the database behind the recordings keeps no more. */
export function timestamp(ms: number, stringly: boolean): string {
  const seconds = new Date(ms).toISOString().slice(0, 19);
  return stringly ? seconds.replace('T', ' ') : `${seconds}.000000Z`;
}

const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

/** `25 Jun 2023 05:01:11`, in UTC, though it does not say so. */
export function twelveHourDate(ms: number): string {
  const date = new Date(ms);
  const two = (value: number): string => String(value).padStart(2, '0');
  const hour = date.getUTCHours() % 12 === 0 ? 12 : date.getUTCHours() % 12;
  const time = `${two(hour)}:${two(date.getUTCMinutes())}:${two(date.getUTCSeconds())}`;
  return `${two(date.getUTCDate())} ${MONTHS[date.getUTCMonth()] ?? ''} ${date.getUTCFullYear()} ${time}`;
}

function foreignId(id: number | null, stringly: boolean): number | string | null {
  return stringly && id !== null ? String(id) : id;
}
