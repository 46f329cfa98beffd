// Build logs for GitHub's and GitLab's runners: one group a step or component, foreign text unable to act as a command.
import { randomBytes } from 'node:crypto';
import type { LogItem, LogRenderer } from './log-item.ts';
import { sanitize } from './sanitize.ts';

/** Groups begin and end with the component of the lines, where the platform names one. */
export function createRunnerRenderer(runner: 'github' | 'gitlab'): LogRenderer {
  const words = runner === 'github' ? githubWords() : gitlabWords();
  let group: string | undefined;
  return {
    head: words.begin,
    entries(batch) {
      let text = '';
      for (const item of batch) {
        const name = nameOf(item);
        if (name !== group) {
          if (group !== undefined) text += words.close(group);
          text += words.open(name);
          group = name;
        }
        text += `${words.fenced(item.entry.body.message)}\n`;
      }
      return text;
    },
    gap: () => '',
    notice: () => '',
    end: () => (group === undefined ? '' : words.close(group)) + words.end,
  };
}

/** A sentence with foreign words in it, outside the fence: GitHub's older commands may stand anywhere in a line. */
export function defused(sentence: string): string {
  return sentence.replaceAll('##[', '## [');
}

function nameOf({ entry }: LogItem): string {
  return entry.body.component ?? 'build';
}

interface RunnerWords {
  readonly begin: string;
  readonly end: string;
  open(name: string): string;
  close(name: string): string;
  /** A foreign line as it may stand there. */
  fenced(line: string): string;
}

/** Between `::stop-commands::TOKEN` and `::TOKEN::` the runner obeys no line; nobody can guess the token. */
function githubWords(): RunnerWords {
  const token = randomBytes(16).toString('hex');
  const stop = `::stop-commands::${token}\n`;
  const resume = `::${token}::\n`;
  return {
    begin: stop,
    end: resume,
    open: (name) => `${resume}::group::${plain(name)}\n${stop}`,
    close: () => `${resume}::endgroup::\n${stop}`,
    fenced: (line) => sanitize(line, 'colors').replaceAll(token, '***'),
  };
}

function gitlabWords(): RunnerWords {
  let number = 0;
  const seconds = () => Math.floor(Date.now() / 1000);
  const id = () => `polylog_${number}`;
  return {
    begin: '',
    end: '',
    open(name) {
      number += 1;
      return `\u001b[0Ksection_start:${seconds()}:${id()}\r\u001b[0K${plain(name)}\n`;
    },
    close: () => `\u001b[0Ksection_end:${seconds()}:${id()}\r\u001b[0K\n`,
    // Without carriage returns and erasures a line cannot be a section mark.
    fenced: (line) =>
      sanitize(line, 'colors')
        .replaceAll('section_start:', 'section_start :')
        .replaceAll('section_end:', 'section_end :'),
  };
}

function plain(text: string): string {
  return sanitize(text, 'strip').replace(/[\r\n]+/g, ' ');
}
