// What goes on in the sample shop when nobody touches it: requests, jobs, errors, deploys, scaling, crashes.
// Knows neither the real clock nor any platform.
import { exitedText, startedText } from './lifecycle.ts';
import type { Random } from './random.ts';
import type { World, WorldComponent, WorldRequest } from './world.ts';

export interface Story {
  /** Lets the next thing happen and returns after how many story milliseconds the one after it is due. */
  step(mood: 'any' | 'no new deploy'): number;
}

interface StoryGround {
  world: World;
  random: Random;
  components: WorldComponent[];
  /** Lines so far, those that nobody will see included. */
  written(): number;
  /** Takes the running deploys a small step further; false when none runs. */
  dripDeploys(): boolean;
}

const linesPerSecond = 4;
const deployEveryMs = 40_000;
const paths = [
  '/',
  '/products',
  '/products/17',
  '/cart',
  '/api/orders',
  '/search?q=caf%C3%A9',
  '/healthz',
] as const;
const products = [
  'blue kettle',
  'crème brûlée set',
  '茶碗 (tea bowl)',
  'émoji mug ☕',
  'garden gnome 🧙‍♂️',
] as const;
const errors = [
  ['TypeError', "Cannot read properties of undefined (reading 'price')"],
  ['Error', 'connect ECONNREFUSED 10.0.3.7:5432'],
  ['PaymentError', 'card refused: 支払いに失敗しました'],
] as const;

export function createStory(ground: StoryGround): Story {
  const { world, random } = ground;
  let storyMs = 0;
  let nextDeploy = random.between(10_000, deployEveryMs);
  return {
    step(mood) {
      const before = ground.written();
      if (!ground.dripDeploys() && storyMs >= nextDeploy && mood === 'any') {
        nextDeploy = storyMs + random.between(deployEveryMs * 0.8, deployEveryMs * 1.2);
        world.deploy({ fail: random.chance(0.2) });
      }
      happen(ground);
      const written = Math.max(1, ground.written() - before);
      const wait = Math.round((written * 1000 * (0.5 + random.next())) / linesPerSecond);
      storyMs += wait;
      return wait;
    },
  };
}

function happen(ground: StoryGround): void {
  const { random } = ground;
  const lot = random.next();
  if (lot < 0.62) serveRequest(ground);
  else if (lot < 0.8) runJob(ground);
  else if (lot < 0.86) tendDatabase(ground);
  else if (lot < 0.95) greet(ground);
  else if (lot < 0.965) scaleWeb(ground);
  else if (lot < 0.98) restartOne(ground);
  else if (lot < 0.99) crashWorker(ground);
  else changeSetting(ground);
}

function serveRequest({ world, random, components }: StoryGround): void {
  const index = random.between(1, components.find(({ name }) => name === 'web')?.instances ?? 1);
  const request = makeRequest(random);
  const { method, path, status, duration, bytes, client, id } = request;
  const level = status >= 500 ? 'error' : status >= 400 ? 'warn' : 'info';
  if (status >= 500) throwError({ world, random, index, id });
  else if (random.chance(0.4)) {
    const line = {
      level,
      msg: 'request done',
      method,
      path,
      status,
      ms: duration,
      id,
      user: random.between(1, 900),
    };
    world.write({ index, level, text: JSON.stringify(line) });
  } else if (random.chance(0.5)) {
    world.write({
      index,
      level,
      text: `level=${level} msg="request done" path=${path} status=${status} ms=${duration}`,
    });
  } else world.write({ index, level, text: `\u001b[32m${method}\u001b[0m ${path} ${status} ${duration}ms` });
  world.write({
    index,
    kind: 'router',
    level,
    text: `${method} ${path} ${status} ${duration}ms ${bytes}b client=${client} id=${id}`,
    request,
  });
}

function makeRequest(random: Random): WorldRequest {
  const path = random.pick(paths);
  const status = random.chance(0.04) ? random.pick([500, 502, 503]) : random.chance(0.07) ? 404 : 200;
  return {
    method: path === '/api/orders' ? 'POST' : 'GET',
    path,
    status,
    duration: random.between(2, status >= 500 ? 4000 : 180),
    bytes: random.between(120, 48_000),
    client: `203.0.113.${random.between(1, 254)}`,
    id: random.uuid(),
  };
}

function throwError(given: { world: World; random: Random; index: number; id: string }): void {
  const { world, random, index, id } = given;
  const [name, text] = random.pick(errors);
  world.write({ index, level: 'error', text: `level=error msg="request failed" id=${id} error="${name}"` });
  const trace = [
    `${name}: ${text}`,
    '    at totalOf (/app/dist/cart.js:42:17)',
    '    at checkout (/app/dist/orders.js:118:9)',
    '    at process.processTicksAndRejections (node:internal/process/task_queues:95:5)',
  ];
  for (const line of trace) world.write({ index, level: 'error', text: line });
}

function runJob({ world, random }: StoryGround): void {
  const order = random.between(1000, 9999);
  const ms = random.between(20, 900);
  const level = ms > 800 ? 'warn' : random.chance(0.2) ? 'debug' : 'info';
  const text = random.chance(0.5)
    ? JSON.stringify({ level, msg: 'job done', job: 'mail', order, ms, product: random.pick(products) })
    : `level=${level} msg="job done" job=invoice order=${order} ms=${ms}`;
  world.write({ component: 'worker', level, text });
}

function tendDatabase({ world, random }: StoryGround): void {
  if (random.chance(0.5)) {
    const buffers = random.between(10, 400);
    world.write({ component: 'db', text: `LOG:  checkpoint complete: wrote ${buffers} buffers (0.3%)` });
  } else {
    const ms = random.between(1000, 3000);
    world.write({
      component: 'db',
      level: 'warn',
      text: `LOG:  duration: ${ms}.124 ms  statement: SELECT * FROM orders`,
    });
  }
}

function greet({ world, random }: StoryGround): void {
  const product = random.pick(products);
  const texts = [`sold one ${product} 🎉`, `再入荷: ${product}`, `stock of ${product} is low ⚠️`] as const;
  world.write({ index: 1, text: random.pick(texts) });
}

function scaleWeb({ world, random, components }: StoryGround): void {
  const web = components.find(({ name }) => name === 'web');
  if (!web) return;
  const from = web.instances;
  const to = from > 2 ? 2 : 3;
  web.instances = to;
  world.record({
    kind: 'scale',
    component: 'web',
    user: random.pick(['alice', 'bob']),
    text: `web: ${from} to ${to}`,
    detail: { from, to },
  });
  if (to > from) world.write({ index: to, kind: 'platform', text: startedText('web') });
  else world.write({ index: from, kind: 'platform', text: exitedText(143) });
}

function restartOne({ world, random }: StoryGround): void {
  const component = random.pick(['web', 'worker']);
  world.record({ kind: 'restart', component, user: 'alice', text: `${component} restarted`, detail: {} });
  world.write({ component, kind: 'platform', text: exitedText(143) });
  world.write({ component, kind: 'platform', text: startedText(component) });
}

function crashWorker({ world }: StoryGround): void {
  const worker = { component: 'worker', level: 'error' } as const;
  world.write({
    ...worker,
    text: 'FATAL ERROR: Reached heap limit Allocation failed - JavaScript heap out of memory',
  });
  world.write({ ...worker, kind: 'platform', text: exitedText(134) });
  world.record({
    kind: 'crash',
    component: 'worker',
    user: 'system',
    text: 'worker crashed',
    detail: { exitCode: 134 },
  });
  world.write({ component: 'worker', kind: 'platform', text: startedText('worker') });
}

function changeSetting({ world, random }: StoryGround): void {
  const value = `v${random.between(1, 99)}`;
  world.record({
    kind: 'config',
    component: null,
    user: 'bob',
    text: 'FEATURE_FLAGS changed',
    detail: { name: 'FEATURE_FLAGS', value },
  });
}
