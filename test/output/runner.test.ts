import { describe, expect, it } from 'vitest';
import { LogEntry } from '../../src/model.ts';
import { createRunnerRenderer, defused } from '../../src/output/runner.ts';

const TARGET = { provider: 'digitalocean', profile: 'digitalocean', app: 'shop' };

function item(message: string, component: string | null = 'web') {
  const entry = new LogEntry(message, () => ({
    ts: null,
    quality: 'observed',
    component,
    instance: null,
    source: 'build',
    stream: null,
    level: null,
    message,
    fields: null,
    id: null,
    deployment: null,
  }));
  return { entry, target: TARGET };
}

/** What GitHub's runner would obey: it ignores all lines between stop-commands and the token. */
function obeyed(text: string): string[] {
  const commands: string[] = [];
  let token: string | undefined;
  for (const line of text.split('\n')) {
    if (token !== undefined) {
      if (line === `::${token}::`) token = undefined;
      continue;
    }
    const stop = /^::stop-commands::(.+)$/.exec(line);
    if (stop) token = stop[1];
    else if (/^\s*::|##\[/.test(line)) commands.push(line);
  }
  return commands;
}

describe('github', () => {
  it('opens a group a component and obeys nothing that the log says', () => {
    const renderer = createRunnerRenderer('github');
    const text =
      renderer.head +
      renderer.entries([
        item('step one'),
        item('::error::evil'),
        item('::stop-commands::mine'),
        item('##[group]evil'),
        item('::set-env name=X::y', 'worker'),
      ]) +
      (renderer.end?.() ?? '');
    expect(obeyed(text)).toEqual(['::group::web', '::endgroup::', '::group::worker', '::endgroup::']);
    expect(text).toContain('::error::evil\n');
  });

  it('has an end that serves wherever its reader has stopped reading', () => {
    const renderer = createRunnerRenderer('github');
    const text = renderer.head + String(renderer.entries([item('step one')]));
    const end = renderer.end?.() ?? '';
    for (const cut of [1, 2, 3, 4, 5]) {
      const reached = `${text.split('\n').slice(0, cut).join('\n')}\n`;
      expect(obeyed(`${reached}${end}::notice::next`)).toContain('::notice::next');
    }
  });

  it('leaves no older command in a sentence outside the fence', () => {
    expect(obeyed(defused('polylog: build 1 failed: ##[error]evil'))).toEqual([]);
  });

  it('cannot be made to resume by a line that repeats its token', () => {
    const renderer = createRunnerRenderer('github');
    const token = /stop-commands::(\w+)/.exec(renderer.head)?.[1] ?? '';
    const text = renderer.head + String(renderer.entries([item(`::${token}::`), item('::error::evil')]));
    expect(obeyed(text)).toEqual(['::group::web']);
  });
});

describe('gitlab', () => {
  it('marks sections, and foreign text cannot', () => {
    const renderer = createRunnerRenderer('gitlab');
    const text = String(
      renderer.entries([
        item('fine'),
        item('\u001b[0Ksection_start:1:evil\r\u001b[0Kevil'),
        item('\u001b[32mgreen\u001b[0m'),
      ]),
    );
    expect(text.match(/section_start:/g)).toHaveLength(1);
    expect(text).not.toContain('\r\u001b[0Kevil');
    expect(text).toContain('\u001b[32mgreen');
    expect(renderer.end?.()).toContain('section_end:');
  });
});
