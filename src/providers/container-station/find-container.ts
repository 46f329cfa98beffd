// The container that a target names. Knows no log, no metric and no event.
import { CliError } from '../../errors.ts';
import type { StationClient } from './client.ts';
import type { Container } from './translate.ts';

/** `docker/web` in two parts; the first holds no slash. */
export function partsOf(app: string): { readonly type: string; readonly name: string } {
  const slash = app.indexOf('/');
  return { type: app.slice(0, Math.max(0, slash)), name: app.slice(slash + 1) };
}

/** Asks for the containers. Throws `not-found`, with those that there are, when `app` is none of them. */
export async function findContainer(
  client: StationClient,
  app: string,
  signal: AbortSignal,
): Promise<Container> {
  return pickContainer(client, app, await client.containers(signal));
}

/** By name, else by an id of at least the 12 digits that Docker shows. Throws `not-found` otherwise. */
export function pickContainer<C extends Container>(
  { station }: Pick<StationClient, 'station'>,
  app: string,
  containers: readonly C[],
): C {
  const { type, name } = partsOf(app);
  const candidates = containers.filter((container) => container.type === type);
  const found =
    candidates.find((container) => container.name === name) ??
    candidates.find(({ id }) => isContainerId(name) && id.startsWith(name));
  if (found) return found;
  const known = containers.slice(0, 10).map((container) => `${container.type}/${container.name}`);
  const more = containers.length > known.length ? ', …' : '';
  throw new CliError('not-found', `${station} has no container ${app}.`, {
    hint: known.length > 0 ? `There is ${known.join(', ')}${more}.` : 'It has no containers at all.',
  });
}

/** Whether it may be an id of Docker's, in full or as it is shown. */
export function isContainerId(text: string): boolean {
  return /^[0-9a-f]{12,64}$/.test(text);
}
