// How a deploy of the sample shop moves on: its statuses, its output, the restarts and events it causes.
import { exitedText, startedText } from './lifecycle.ts';
import type { Random } from './random.ts';
import type { DeployStatus, World, WorldDeploy, WorldTime } from './world.ts';

interface Step {
  /** Entered before the lines are written. */
  status?: DeployStatus;
  phase: 'build' | 'deploy';
  lines: readonly string[];
  /** Every instance of this component starts anew. */
  restarts?: string;
}

export interface DeployLine {
  start(options?: { fail?: boolean; message?: string }): WorldDeploy;
  advance(id: string, to?: DeployStatus): void;
  /** The smallest step: some lines, a restart, or the next status. */
  drip(id: string): void;
}

interface DeployGround {
  world: World;
  random: Random;
  deploys: WorldDeploy[];
  stamp(): WorldTime;
  changed(deploy: WorldDeploy): void;
}

const finals: readonly DeployStatus[] = ['succeeded', 'failed', 'cancelled', 'superseded'];
const keptDeploys = 1000;
const authors = ['alice', 'bob', 'zoë'] as const;
const messages = [
  'Round prices to whole cents',
  'Fix the cart badge on small screens',
  'Speed up the product search',
  'Add 日本語 product names',
  'Retry failed payments once',
] as const;

export function isFinished(deploy: WorldDeploy): boolean {
  return finals.includes(deploy.status);
}

export function createDeployLine(ground: DeployGround): DeployLine {
  const { world, random, deploys } = ground;
  const plans = new Map<string, Step[]>();

  function take(deploy: WorldDeploy): void {
    const step = plans.get(deploy.id)?.shift();
    if (!step) return;
    if (step.status) enter(deploy, step.status);
    for (const text of step.lines) say(deploy, step.phase, text);
    if (step.restarts) restart(step.restarts, deploy.id);
  }

  function enter(deploy: WorldDeploy, status: DeployStatus): void {
    deploy.status = status;
    if (status !== 'queued') deploy.started ??= ground.stamp();
    if (status === 'failed') deploy.reason ??= 'The build command exited with status 2';
    if (isFinished(deploy)) {
      deploy.finished = ground.stamp();
      plans.delete(deploy.id);
    }
    ground.changed(deploy);
    if (status === 'deploying') return;
    world.record({
      kind: 'deploy',
      component: null,
      user: deploy.author,
      text: `Deploy #${deploy.number} ${status}`,
      detail: { deploy: deploy.id, status },
    });
  }

  function say(deploy: WorldDeploy, phase: 'build' | 'deploy', text: string): void {
    const level = /error/i.test(text) ? 'error' : 'info';
    const at = ground.stamp();
    deploy.output.push({ at, phase, text });
    world.write({ text, at, kind: 'build', level, deploy: deploy.id });
  }

  function restart(component: string, deploy: string): void {
    const instances = world.components.find(({ name }) => name === component)?.instances ?? 0;
    for (let index = 1; index <= instances; index += 1) {
      world.write({ text: exitedText(143), component, index, kind: 'platform', deploy });
      world.write({ text: startedText(component), component, index, kind: 'platform', deploy });
    }
  }

  function breakOff(deploy: WorldDeploy, status: DeployStatus): void {
    if (status === 'failed')
      say(deploy, deploy.status === 'deploying' ? 'deploy' : 'build', ' !     Deploy failed');
    else deploy.reason = status === 'cancelled' ? 'Cancelled by its author' : 'A newer deploy took its place';
    enter(deploy, status);
  }

  const unfinished = (id: string) => deploys.find((deploy) => deploy.id === id && !isFinished(deploy));

  return {
    start(options = {}) {
      const deploy: WorldDeploy = {
        id: random.uuid(),
        number: (deploys.at(-1)?.number ?? 0) + 1,
        status: 'queued',
        commit: random.hex(40),
        ref: 'main',
        author: random.pick(authors),
        message: options.message ?? random.pick(messages),
        created: ground.stamp(),
        started: null,
        finished: null,
        output: [],
        reason: null,
      };
      plans.set(deploy.id, planSteps(deploy, options.fail ? 'fails' : 'succeeds'));
      deploys.push(deploy);
      if (deploys.length > keptDeploys) deploys.shift();
      ground.changed(deploy);
      return deploy;
    },
    advance(id, to) {
      const deploy = unfinished(id);
      if (!deploy || deploy.status === to) return;
      const planned = plans.get(id)?.some((step) => step.status === to);
      if (to && finals.includes(to) && to !== 'succeeded' && !planned) return breakOff(deploy, to);
      const before = deploy.status;
      const arrived = () => (to ? deploy.status === to : deploy.status !== before);
      while (!arrived() && !isFinished(deploy)) take(deploy);
    },
    drip(id) {
      const deploy = unfinished(id);
      if (deploy) take(deploy);
    },
  };
}

function planSteps(deploy: WorldDeploy, end: 'succeeds' | 'fails'): Step[] {
  const build: Step[] = [
    {
      status: 'building',
      phase: 'build',
      lines: [
        `\u001b[1m-----> Building ${deploy.ref} at ${deploy.commit.slice(0, 7)}\u001b[0m`,
        '       Fetching source code',
      ],
    },
    {
      phase: 'build',
      lines: ['-----> Node.js application detected', '       Resolving node version 22.x... 22.14.0'],
    },
    { phase: 'build', lines: ['-----> Installing dependencies', '       added 212 packages in 6s'] },
    {
      phase: 'build',
      lines: [
        '       \u001b[33mnpm warn\u001b[0m deprecated glob@7.2.3',
        '-----> Running the build script',
        '       > tsc -p .',
      ],
    },
  ];
  if (end === 'fails') {
    const error = "       src/cart.ts(42,7): error TS2322: Type 'string' is not assignable to type 'number'.";
    return [
      ...build,
      { phase: 'build', lines: [error, ' !     Build failed'] },
      { status: 'failed', phase: 'build', lines: [] },
    ];
  }
  return [
    ...build,
    {
      phase: 'build',
      lines: ['       ✔ 148 modules, 日本語 texts included', '-----> Compressing the image: 104 MB'],
    },
    { status: 'deploying', phase: 'deploy', lines: ['-----> Starting the new containers'] },
    { phase: 'deploy', lines: [], restarts: 'web' },
    { phase: 'deploy', lines: ['       web: health check passed'], restarts: 'worker' },
    { phase: 'deploy', lines: ['       worker: started'] },
    { status: 'succeeded', phase: 'deploy', lines: [] },
  ];
}
