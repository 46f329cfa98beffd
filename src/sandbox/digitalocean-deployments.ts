// A deploy of the world as a deployment with its causes, progress and timing (wire: DigitalOcean 3). Knows no HTTP.
import { buildComponent, runComponents } from './digitalocean-lines.ts';
import type { Platform } from './digitalocean-options.ts';
import { failedTask, type TaskStatus, taskStatus } from './digitalocean-releases.ts';
import { goDuration, nanoTime, uuidOf, wholeSeconds } from './digitalocean-time.ts';
import type { WorldDeploy, WorldTime } from './world.ts';

type StepStatus = 'PENDING' | 'RUNNING' | 'ERROR' | 'SUCCESS';

interface Step {
  name: string;
  status: StepStatus;
  started_at?: string;
  ended_at?: string;
  component_name?: string;
  message_base?: string;
  reason?: { code: string; message: string };
  steps?: Step[];
}

export const deploymentTypes: readonly string[] = [
  'MANUAL',
  'DEPLOY_ON_PUSH',
  'MAINTENANCE',
  'MANUAL_ROLLBACK',
  'AUTO_ROLLBACK',
  'UPDATE_DATABASE_TRUSTED_SOURCES',
  'AUTOSCALED',
];

/** Every fifth was started by hand, the others by a push. */
export function deploymentType(deploy: WorldDeploy): 'MANUAL' | 'DEPLOY_ON_PUSH' {
  return deploy.number % 5 === 0 ? 'MANUAL' : 'DEPLOY_ON_PUSH';
}

export function deploymentOf(platform: Platform, deploy: WorldDeploy): Record<string, unknown> {
  const { world, releases } = platform;
  const moved = deploy.finished ?? deploy.output.at(-1)?.at ?? deploy.started ?? deploy.created;
  const built = world.components.filter(({ kind }) => kind !== 'database');
  const shown = (kind: 'service' | 'worker'): object[] => {
    return built
      .filter((component) => component.kind === kind)
      .map(({ name }) => ({ name, source_commit_hash: deploy.commit }));
  };
  const previous = releases.deploys().find((other) => {
    return other.number < deploy.number && ['ACTIVE', 'SUPERSEDED'].includes(releases.phase(other));
  });
  return {
    id: deploy.id,
    services: shown('service'),
    workers: shown('worker'),
    phase_last_updated_at: wholeSeconds(moved.ms),
    created_at: wholeSeconds(deploy.created.ms),
    updated_at: wholeSeconds(moved.ms),
    ...causeOf(platform, deploy),
    progress: progressOf(platform, deploy),
    phase: releases.phase(deploy),
    tier_slug: 'basic',
    ...(previous ? { previous_deployment_id: previous.id } : {}),
    timing: timingOf(platform, deploy),
  };
}

function causeOf({ world }: Platform, deploy: WorldDeploy): object {
  const type = deploymentType(deploy);
  if (type === 'MANUAL') {
    const user = {
      uuid: uuidOf(deploy.author),
      email: `${deploy.author}@example.com`,
      full_name: deploy.author,
    };
    return {
      cause: 'manual',
      cause_details: { type, digitalocean_user_action: { user, name: 'CREATE_DEPLOYMENT' } },
    };
  }
  const repository = `acme/${world.app}`;
  return {
    cause: `commit ${deploy.commit.slice(0, 7)} pushed to github/${repository}`,
    cause_details: {
      type,
      git_push: {
        github: { repo: repository, branch: deploy.ref, deploy_on_push: true },
        username: deploy.author,
        commit_author: deploy.author,
        commit_sha: deploy.commit,
        commit_message: deploy.message,
      },
    },
  };
}

function progressOf(platform: Platform, deploy: WorldDeploy): object {
  const components = runComponents(platform.world);
  const first = buildComponent(platform);
  const steps = [buildStep(platform, deploy, components), deployStep(platform, deploy, components)];
  const leaves = steps.flatMap(leavesOf);
  const count = (status: StepStatus): number => leaves.filter((step) => step.status === status).length;
  const summary = steps.map(({ name, status }) => ({
    name,
    status,
    component_name: first,
    message_base: name === 'build' ? 'Building service' : 'Deploying service',
  }));
  return {
    // Go leaves zeros out.
    ...present('pending_steps', count('PENDING')),
    ...present('running_steps', count('RUNNING')),
    ...present('success_steps', count('SUCCESS')),
    ...present('error_steps', count('ERROR')),
    total_steps: leaves.length,
    steps,
    summary_steps: summary,
  };
}

function buildStep(platform: Platform, deploy: WorldDeploy, components: readonly string[]): Step {
  const status = stepStatus(deploy, 'build');
  const times = timesOf(deploy, 'build', status);
  const parts = components.map(
    (name): Step => ({
      name,
      status,
      ...times,
      component_name: name,
      message_base: `Building ${kindOf(platform, name)}`,
      ...reasonOf(deploy, status),
    }),
  );
  const begun: StepStatus = status === 'PENDING' ? 'PENDING' : 'SUCCESS';
  const within: Step[] = [
    { name: 'initialize', status: begun, ...times },
    { name: 'components', status, ...times, steps: parts },
  ];
  return { name: 'build', status, ...times, steps: within };
}

function deployStep(platform: Platform, deploy: WorldDeploy, components: readonly string[]): Step {
  const status = stepStatus(deploy, 'deploy');
  const times = timesOf(deploy, 'deploy', status);
  const begun: StepStatus = status === 'PENDING' ? 'PENDING' : 'SUCCESS';
  const final: StepStatus = status === 'SUCCESS' ? 'SUCCESS' : 'PENDING';
  const parts = components.map((name): Step => {
    const kind = kindOf(platform, name);
    const own = { component_name: name };
    return {
      name,
      status,
      ...times,
      ...own,
      steps: [
        { name: 'deploy', status: begun, ...times, ...own, message_base: `Deploying ${kind}` },
        {
          name: 'wait',
          status,
          ...times,
          ...own,
          message_base: `Waiting for ${kind}`,
          ...reasonOf(deploy, status),
        },
      ],
    };
  });
  const within: Step[] = [
    { name: 'initialize', status: begun, ...times },
    { name: 'components', status, ...times, steps: parts },
    { name: 'finalize', status: final, ...(final === 'SUCCESS' ? times : {}) },
  ];
  return { name: 'deploy', status, ...times, steps: within };
}

function stepStatus(deploy: WorldDeploy, task: 'build' | 'deploy'): StepStatus {
  const words: Record<TaskStatus, StepStatus> = {
    pending: 'PENDING',
    running: 'RUNNING',
    success: 'SUCCESS',
    error: 'ERROR',
    skipped: 'PENDING',
  };
  const status = taskStatus(deploy, task);
  // A build that was reused counts as done.
  const done = deploy.status === 'succeeded' || deploy.status === 'superseded';
  if (status === 'skipped' && done) return 'SUCCESS';
  if (status === 'skipped' && deploy.status === 'failed' && failedTask(deploy) === task) return 'ERROR';
  return words[status];
}

function reasonOf(deploy: WorldDeploy, status: StepStatus): { reason?: { code: string; message: string } } {
  if (status !== 'ERROR') return {};
  const code = failedTask(deploy) === 'build' ? 'BuildJobExitNonZero' : 'DeployContainerExitNonZero';
  return { reason: { code, message: deploy.reason ?? 'The deployment failed.' } };
}

function timesOf(deploy: WorldDeploy, task: 'build' | 'deploy', status: StepStatus): Partial<Step> {
  if (status === 'PENDING') return {};
  const { from, to } = spanOf(deploy, task);
  return { started_at: nanoTime(from), ...(status === 'RUNNING' ? {} : { ended_at: nanoTime(to) }) };
}

function spanOf(deploy: WorldDeploy, task: 'build' | 'deploy'): { from: WorldTime; to: WorldTime } {
  const own = deploy.output.filter((line) => line.phase === task);
  const started = deploy.started ?? deploy.created;
  const from = task === 'build' ? started : (own[0]?.at ?? started);
  const last = own.at(-1)?.at ?? from;
  return { from, to: failedTask(deploy) === task ? (deploy.finished ?? last) : last };
}

function timingOf(platform: Platform, deploy: WorldDeploy): object {
  const length = (task: 'build' | 'deploy'): string => {
    const { from, to } = spanOf(deploy, task);
    return goDuration(Math.max(0, to.ms - from.ms));
  };
  const build = length('build');
  return {
    pending: goDuration(Math.max(0, (deploy.started ?? deploy.created).ms - deploy.created.ms)),
    build_total: build,
    build_billable: build,
    components: [{ name: buildComponent(platform), build_billable: build }],
    deploying: length('deploy'),
  };
}

function kindOf({ world }: Platform, name: string): string {
  return world.components.find((component) => component.name === name)?.kind ?? 'service';
}

function leavesOf(step: Step): Step[] {
  return step.steps ? step.steps.flatMap(leavesOf) : [step];
}

function present(key: string, count: number): object {
  return count > 0 ? { [key]: count } : {};
}
