// The app that builds, figures and events are asked of. Asks nothing.
import { CliError } from '../../errors.ts';
import type { AppRef } from '../../provider.ts';
import { appPlace, type LogPlace } from './client.ts';

/** Throws a usage CliError where no app is named: a site has a log and nothing else. */
export function addressedApp({ app }: AppRef): LogPlace {
  if (app !== '') return appPlace(app);
  throw new CliError('usage', 'Akkeris needs the name of an app.', {
    hint: 'Write akkeris:NAME-SPACE, for example akkeris:api-default.',
  });
}
