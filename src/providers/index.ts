// The list of platforms. Each is imported only when it is addressed.
import type { PlatformFlag, Provider } from '../provider.ts';

export interface ProviderEntry {
  readonly name: string;
  readonly aliases: readonly string[];
  readonly title: string;
  /** The stored profile that it stands for; absent: the platform's built-in one. */
  readonly profile?: string;
  /** What its tokens begin with, to tell one that was given to another platform by mistake. */
  readonly tokenForm?: RegExp;
  /** Flags of its `logs`; here and not in the provider, so that help needs no provider. */
  readonly logFlags: readonly PlatformFlag[];
  load(): Promise<Provider>;
}

export const PROVIDERS: readonly ProviderEntry[] = [
  {
    name: 'akkeris',
    aliases: [],
    title: 'Akkeris',
    logFlags: [
      { name: 'site', value: 'DOMAIN', description: "a site's log, in place of a target", isTarget: true },
    ],
    load: async () => (await import('./akkeris/index.ts')).akkeris,
  },
  {
    name: 'container-station',
    aliases: ['qnap'],
    title: 'QNAP Container Station',
    logFlags: [
      { name: 'category', value: 'LIST', description: 'activity rows of these categories' },
      { name: 'user', value: 'NAME', description: 'activity rows of this user' },
      { name: 'text', value: 'TEXT', description: 'activity rows that hold this text' },
      { name: 'activity', description: 'the activity rows that name the container, not its console' },
      {
        name: 'nas-timezone',
        value: 'ZONE',
        description: "the station's own time zone, to correct its local times",
      },
    ],
    load: async () => (await import('./container-station/index.ts')).containerStation,
  },
  {
    name: 'scalingo',
    aliases: [],
    title: 'Scalingo',
    tokenForm: /^tk-[a-z]{2}-/,
    logFlags: [{ name: 'addon', value: 'ID', description: "an add-on's log, by id or name" }],
    load: async () => (await import('./scalingo/index.ts')).scalingo,
  },
  {
    name: 'digitalocean',
    aliases: ['do'],
    title: 'DigitalOcean App Platform',
    tokenForm: /^do[opr]_v1_/,
    logFlags: [
      {
        name: 'deployment',
        value: 'ID',
        description: 'the log of this deployment: an id, active (default, and its successors) or in-progress',
      },
      {
        name: 'type',
        value: 'TYPE',
        description:
          'run (default), build, deploy, run-restarted, autoscale-event, job-invocation or unspecified',
      },
      {
        name: 'pod-connection-timeout',
        value: 'DURATION',
        description: 'how long the platform waits for an instance (3m)',
      },
      {
        name: 'job-invocation',
        value: 'ID',
        description: 'the log of one run of a job; list names the newest ones',
      },
      { name: 'event-id', value: 'ID', description: 'the log of an autoscaling event' },
    ],
    load: async () => (await import('./digitalocean/index.ts')).digitalocean,
  },
];
