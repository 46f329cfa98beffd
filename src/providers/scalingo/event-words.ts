// Every type of event that Scalingo has, in words (wire: Scalingo 6). Sees payloads without secrets only.
import { type Fields, fieldsOf, listOf, textOf } from '../../transport/json-fields.ts';

/** One of polylog's words. */
export type EventKind = 'deploy' | 'scale' | 'restart' | 'crash' | 'config' | 'task' | 'access' | 'other';

export interface EventWords {
  readonly kind: EventKind;
  /** One line. */
  readonly message: string;
  /** The one container type or container that it is about, or null. */
  readonly component: string | null;
}

const LONGEST_MESSAGE = 500;

/** A type that nobody knows is shown as it is. */
export function wordsFor(type: string, payload: Fields | null): EventWords {
  const fields = payload ?? {};
  const known = TYPES.get(type);
  if (known === undefined) return { kind: 'other', message: oneLine(type), component: null };
  const [kind, text] = known;
  const message = typeof text === 'string' ? filled(text, fields) : text(fields);
  return { kind, message: oneLine(message), component: componentOf(type, fields) };
}

/** A template, or what makes the sentence. A part in brackets stands only if all its fields are there. */
type Text = string | ((fields: Fields) => string);

const TYPES: ReadonlyMap<string, readonly [EventKind, Text]> = new Map<string, readonly [EventKind, Text]>([
  ['deployment', ['deploy', 'deployment[ of {git_ref}][ ({status})]']],
  ['scale', ['scale', scaled]],
  ['restart', ['restart', restarted]],
  ['stop_app', ['restart', 'the application has been stopped[ (reason: {reason})]']],
  ['crash', ['crash', "container[ '{container_type}'] has crashed[ (logs on {logs_url})]"]],
  [
    'repeated_crash',
    ['crash', "container[ '{container_type}'] has crashed repeatedly[ (logs on {logs_url})]"],
  ],
  ['run', ['task', "one-off container[ with command '{command}']"]],
  ['new_app', ['config', 'the application has been created']],
  ['edit_app', ['config', 'the settings of the application have been changed']],
  ['delete_app', ['config', 'the application has been deleted']],
  ['rename_app', ['config', 'the application has been renamed[ from {old_name}][ to {new_name}]']],
  [
    'update_app_project',
    ['config', 'the application has been moved to another project[: {new_project_name}]'],
  ],
  ['transfer_app', ['access', 'the application has been transferred[ from {old_owner}][ to {new_owner}]']],
  [
    'stack_changed',
    ['config', 'the stack has been changed[ from {previous_stack_name}][ to {current_stack_name}]'],
  ],
  ['new_domain', ['config', "domain[ '{hostname}'] added"]],
  ['edit_domain', ['config', "domain[ '{hostname}'] changed"]],
  ['delete_domain', ['config', "domain[ '{hostname}'] removed"]],
  ['new_addon', ['config', 'addon[ {addon_provider_name}] added[ with plan {plan_name}]']],
  [
    'upgrade_addon',
    ['config', 'addon[ {addon_provider_name}] changed[ from plan {old_plan_name}][ to plan {new_plan_name}]'],
  ],
  ['delete_addon', ['config', 'addon[ {addon_provider_name}] removed']],
  ['resume_addon', ['config', 'addon[ {addon_provider_name}] resumed']],
  ['suspend_addon', ['config', 'addon[ {addon_provider_name}] suspended[ (reason: {reason})]']],
  ['addon_updated', ['config', 'addon[ {addon_plan_name}] updated']],
  [
    'upgrade_database',
    ['config', 'database[ {addon_name}] upgraded[ from {old_version}][ to {new_version}]'],
  ],
  ['database/add_feature', ['config', 'feature[ {feature}] enabled on database[ {addon_name}]']],
  ['database/remove_feature', ['config', 'feature[ {feature}] disabled on database[ {addon_name}]']],
  ['database_backup_failed', ['task', 'backup of database[ {addon_name}] failed']],
  ['database_backup_succeeded', ['task', 'backup of database[ {addon_name}] succeeded']],
  ['database_continuousbackup_healthy', ['task', 'continuous backup of database[ {addon_name}] is healthy']],
  ['database_continuousbackup_delayed', ['task', 'continuous backup of database[ {addon_name}] is delayed']],
  ['database_continuousbackup_stale', ['task', 'continuous backup of database[ {addon_name}] is stale']],
  ['plan_database_maintenance', ['task', 'maintenance of database[ {addon_name}] planned']],
  ['start_database_maintenance', ['task', 'maintenance of database[ {addon_name}] started']],
  ['complete_database_maintenance', ['task', 'maintenance of database[ {addon_name}] completed']],
  ['link_scm', ['config', 'linked to repository[ {repo_name}]']],
  ['update_scm', ['config', 'link to repository[ {repo_name}] changed']],
  ['unlink_scm', ['config', 'unlinked from repository[ {repo_name}]']],
  ['link_github', ['config', 'linked to GitHub repository[ {repo_name}]']],
  ['unlink_github', ['config', 'unlinked from GitHub repository[ {repo_name}]']],
  ['create_review_app', ['config', 'review app[ {review_app_name}] created[ from {source_repo_name}]']],
  ['destroy_review_app', ['config', 'review app[ {review_app_name}] destroyed']],
  ['new_collaborator', ['access', 'collaborator[ {collaborator}] invited']],
  ['accept_collaborator', ['access', 'collaborator[ {collaborator}] accepted the invitation']],
  ['delete_collaborator', ['access', 'collaborator[ {collaborator}] removed']],
  ['change_collaborator_role', ['access', 'role of collaborator[ {collaborator}] changed']],
  ['new_variable', ['config', "['{name}' ]added to the environment"]],
  ['edit_variable', ['config', "['{name}' ]changed in the environment"]],
  ['edit_variables', ['config', variablesChanged]],
  ['delete_variable', ['config', "['{name}' ]removed from the environment"]],
  ['new_alert', ['config', 'alert[ on {metric}][ of {container_type}] created']],
  ['alert', ['other', alerted]],
  ['delete_alert', ['config', 'alert[ on {metric}][ of {container_type}] removed']],
  ['new_autoscaler', ['config', 'autoscaler[ of {container_type}][ on {metric}] created']],
  ['edit_autoscaler', ['config', 'autoscaler[ of {container_type}][ on {metric}] changed']],
  ['delete_autoscaler', ['config', 'autoscaler[ of {container_type}][ on {metric}] removed']],
  ['new_log_drain', ['config', 'log drain[ to {url}] added']],
  ['delete_log_drain', ['config', 'log drain[ to {url}] removed']],
  ['new_addon_log_drain', ['config', 'log drain[ to {url}] added to addon[ {addon_name}]']],
  ['delete_addon_log_drain', ['config', 'log drain[ to {url}] removed from addon[ {addon_name}]']],
  ['new_notifier', ['config', "notifier[ '{notifier_name}'] created"]],
  ['edit_notifier', ['config', "notifier[ '{notifier_name}'] changed"]],
  ['delete_notifier', ['config', "notifier[ '{notifier_name}'] removed"]],
  ['new_user', ['access', 'account created']],
  ['new_key', ['access', "SSH key[ '{name}'] added"]],
  ['edit_key', ['access', "SSH key[ '{name}'] changed"]],
  ['delete_key', ['access', "SSH key[ '{name}'] removed"]],
  ['new_token', ['access', "API token[ '{name}'] created"]],
  ['regenerate_token', ['access', "API token[ '{name}'] regenerated"]],
  ['delete_token', ['access', "API token[ '{name}'] removed"]],
  ['tfa_enabled', ['access', 'two-factor authentication enabled']],
  ['tfa_disabled', ['access', 'two-factor authentication disabled']],
  ['login_success', ['access', 'logged in']],
  ['login_failure', ['access', 'login failed']],
  ['login_lock', ['access', 'login locked']],
  ['login_unlock_success', ['access', 'login unlocked']],
  ['password_reset_query', ['access', 'reset of the password asked for']],
  ['password_reset_success', ['access', 'password reset']],
  ['authorize_github', ['access', 'GitHub authorized']],
  ['revoke_github', ['access', 'GitHub authorization revoked']],
  ['new_integration', ['access', 'integration[ with {integration_type}] created']],
  ['delete_integration', ['access', 'integration[ with {integration_type}] removed']],
  ['add_credit', ['other', 'credit added[: {amount}]']],
  ['add_payment_method', ['other', 'payment method added']],
  ['add_voucher', ['other', 'voucher added']],
  ['payment_attempt', ['other', 'payment attempted[: {amount}][ ({status})]']],
  ['start_region_migration', ['task', 'migration to another region started[: {destination}]']],
  ['edit_hds_contact', ['access', 'health data contact changed']],
  ['create_data_access_consent', ['access', 'consent to data access given']],
  ['new_project', ['config', "project[ '{name}'] created"]],
  ['edit_project', ['config', "project[ '{name}'] changed"]],
  ['delete_project', ['config', "project[ '{name}'] deleted"]],
  ['new_project_transfer_invitation', ['access', 'transfer of a project offered']],
  ['accept_project_transfer_invitation', ['access', 'transfer of a project accepted']],
  ['accept_project_transfer_invitation_error', ['access', 'transfer of a project failed']],
  ['cancel_project_transfer_invitation', ['access', 'transfer of a project called off']],
  ['decline_project_transfer_invitation', ['access', 'transfer of a project declined']],
]);

function filled(template: string, fields: Fields): string {
  return template.replace(/\[([^\]]*)\]/g, (_part, inner: string) => {
    let isWhole = true;
    const text = inner.replace(/\{(\w+)\}/g, (_name, name: string) => {
      const value = shown(fields[name]);
      if (value === null) isWhole = false;
      return value ?? '';
    });
    return isWhole ? text : '';
  });
}

/** Text, a number, or of a person the name. */
function shown(value: unknown): string | null {
  if (typeof value === 'number') return String(value);
  const person = fieldsOf(value);
  return textOf(person === null ? value : (person.username ?? person.email ?? person.name));
}

/** Amounts come as `3:S`, in the documentation as 3. The order of types is the platform's chance: ours is by name. */
function scaled({ previous_containers: before, containers: after }: Fields): string {
  return `containers have been scaled from [${amountsOf(before)}], to [${amountsOf(after)}]`;
}

function amountsOf(containers: unknown): string {
  return Object.entries(fieldsOf(containers) ?? {})
    .flatMap(([type, amount]) => {
      const text = shown(amount);
      return text === null ? [] : [`${type}:${text}`];
    })
    .sort()
    .join(', ');
}

const RESTART_REASONS: ReadonlyMap<string, string> = new Map([
  ['user_restart', 'asked for by a user'],
  ['unexpected_failure', 'unexpected failure'],
  ['rebalancing_operation', 'rebalancing'],
  ['security_maintenance', 'scheduled security maintenance'],
]);

function restarted(fields: Fields): string {
  const scope = scopeOf(fields);
  const what = scope.length > 0 ? `containers [${scope.join(', ')}]` : 'containers';
  const reason = textOf(fields.reason);
  const addon = textOf(fields.addon_name);
  const why =
    reason === null
      ? ''
      : ` (reason: ${RESTART_REASONS.get(reason) ?? reason}${addon === null ? '' : `, ${addon}`})`;
  return `${what} began to restart${why}`;
}

function scopeOf({ scope }: Fields): string[] {
  return Array.isArray(scope) ? scope.filter((type) => typeof type === 'string') : [];
}

/** Lists may be null. */
function variablesChanged(fields: Fields): string {
  const parts = (
    [
      ['new_vars', 'added'],
      ['updated_vars', 'changed'],
      ['deleted_vars', 'removed'],
    ] as const
  ).flatMap(([key, done]) => {
    const names = listOf(fields[key]).flatMap(({ name }) => textOf(name) ?? []);
    return names.length === 0 ? [] : [`${names.map((name) => `'${name}'`).join(', ')} ${done}`];
  });
  return `environment changed${parts.length > 0 ? `: ${parts.join('; ')}` : ''}`;
}

function alerted(fields: Fields): string {
  const about = filled('alert[ {sender_name}][ on {metric}]', fields);
  const isOver = fields.activated === false;
  const beyond = fields.send_when_below === true ? 'below' : 'above';
  const why = filled(`[: {value_text}][ (limit: ${beyond} {limit_text})]`, fields);
  return `${about} ${isOver ? 'is over' : 'is active'}${why}`;
}

function componentOf(type: string, fields: Fields): string | null {
  if (type === 'scale') return onlyChange(fields);
  if (type === 'restart') {
    const [only, ...more] = scopeOf(fields);
    return only !== undefined && more.length === 0 ? only : null;
  }
  return textOf(fields.container_type);
}

function onlyChange({ previous_containers: before, containers: after }: Fields): string | null {
  const old = fieldsOf(before) ?? {};
  const now = fieldsOf(after) ?? {};
  const changed = Object.keys({ ...old, ...now }).filter((type) => old[type] !== now[type]);
  return changed.length === 1 ? (changed[0] ?? null) : null;
}

function oneLine(text: string): string {
  const line = text.replace(/[\u0000-\u001f\u007f-\u009f\u2028\u2029\s]+/g, ' ').trim();
  return line.length > LONGEST_MESSAGE ? `${line.slice(0, LONGEST_MESSAGE)}…` : line;
}
