// The names of Akkeris's figures: what each counts and how many values were made one. Knows no answer.

export interface Figure {
  readonly unit: string;
  readonly aggregate: 'mean' | 'sum';
  readonly description: string;
}

/**
 * Those of the documentation page and those that were observed (wire: Akkeris 4). What is called a total there is a
 * rate: the counter's growth in a second, added up over a type's dynos.
 */
const FIGURES: Readonly<Record<string, Figure>> = {
  cpu_usage_seconds_total: sum('cores', 'processor time in all'),
  cpu_user_seconds_total: sum('cores', 'processor time of the program itself'),
  cpu_system_seconds_total: sum('cores', 'processor time of the system for it'),
  memory_usage_bytes: mean('bytes', 'memory in use, file cache included'),
  memory_cache: mean('bytes', 'memory used as file cache'),
  memory_rss: mean('bytes', 'memory of the program itself'),
  memory_working_set_bytes: mean('bytes', 'memory that cannot be taken away'),
  fs_usage_bytes: mean('bytes', 'file system in use'),
  fs_io_time_seconds_total: mean('fraction', 'part of the time in which disks were busy'),
  network_receive_bytes_total: sum('bytes/s', 'network traffic in'),
  network_transmit_bytes_total: sum('bytes/s', 'network traffic out'),
  network_receive_errors_total: sum('errors/s', 'network errors on the way in'),
  network_transmit_errors_total: sum('errors/s', 'network errors on the way out'),
  requests: sum('requests', 'requests in each interval'),
  response_time: mean('ms', 'mean time to answer a request'),
};

/** null for a name that nobody knows and of no known form either. */
export function knownFigure(name: string): Figure | null {
  if (Object.hasOwn(FIGURES, name)) return FIGURES[name] ?? null;
  const status = /^router_status_(\d{3})$/.exec(name)?.[1];
  if (status !== undefined) return sum('requests', `requests answered with ${status} in each interval`);
  if (name.startsWith('count_')) return sum('count', 'a count of the app itself, in each interval');
  if (name.startsWith('sample_')) return mean('count', 'a value that the app itself reports');
  return null;
}

/** Every other series is a mean of something whose unit only the app knows (wire: Akkeris 4). */
export function figureOf(name: string): Figure {
  return knownFigure(name) ?? mean('count', 'a value that the app itself reports');
}

function sum(unit: string, description: string): Figure {
  return { unit, aggregate: 'sum', description };
}

function mean(unit: string, description: string): Figure {
  return { unit, aggregate: 'mean', description };
}
