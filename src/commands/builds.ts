// Declares `builds list|show|log|wait`. What they do is in build-*.ts.
import type { Command } from 'commander';
import type { Lent } from '../program.ts';
import { addListOptions } from './lists.ts';
import { addGlobalOptions, collect } from './options.ts';

export function declareBuilds(program: Command, lent: Lent): void {
  const builds = program.command('builds').description('Builds, deployments and background tasks');
  declareList(builds, lent);
  declareShow(builds, lent);
  declareLog(builds, lent);
  declareWait(builds, lent);
}

function declareList(builds: Command, lent: Lent): void {
  const list = builds
    .command('list')
    .description('Newest first')
    .argument('[target]', 'whose builds')
    .option('-n, --lines <N|all>', 'so many (20)')
    .option('--all', 'all of them')
    .option('--status <STATUS>', 'only these: queued, running, succeeded, failed, …', collect)
    .option('-a, --app <APP>', 'the target, as other tools spell it', collect);
  addListOptions(list);
  addGlobalOptions(list).action(async (target: string | undefined, _options: unknown, command: Command) => {
    const { listBuilds } = await import('./build-list.ts');
    lent.end(await listBuilds({ host: lent.host, target, build: undefined, options: command.opts() }));
  });
}

const BUILD = 'id, unique beginning of an id, latest (default) or active';

function declareShow(builds: Command, lent: Lent): void {
  const show = builds
    .command('show')
    .description('One build in full, with its steps where the platform has them')
    .argument('[target]', 'whose build')
    .argument('[build]', BUILD)
    .option('-o, --output <FORM>', 'text, json or ndjson')
    .option('--json', 'same as -o json')
    .option('-a, --app <APP>', 'the target, as other tools spell it', collect);
  addGlobalOptions(show).action(
    async (target: string | undefined, build: string | undefined, _o: unknown, command: Command) => {
      const { showBuild } = await import('./build-show.ts');
      lent.end(await showBuild({ host: lent.host, target, build, options: command.opts() }));
    },
  );
}

function addGateOptions(command: Command): Command {
  return command
    .optionsGroup('How long:')
    .option('--timeout <DURATION>', 'give up after so long, with exit code 124')
    .option('--appear-timeout <DURATION>', 'wait so long for a build that does not exist yet')
    .option('--commit <SHA>', 'the build of this commit, waited for when it does not exist yet')
    .option('--heartbeat <DURATION>', 'a sign of life on stderr in a long silence')
    .option('-a, --app <APP>', 'the target, as other tools spell it', collect);
}

function declareLog(builds: Command, lent: Lent): void {
  const log = builds
    .command('log')
    .description("The build log; the exit code is the build's result, 8 while it runs")
    .argument('[target]', 'whose build')
    .argument('[build]', BUILD)
    .option('-f, --follow', 'until the build ends')
    .option('--no-follow', 'what there is, then the end')
    .option('--deploy', 'the log of the deploy phase')
    .option('--no-exit-status', 'exit code 0 whatever the result')
    .optionsGroup('Output:')
    .option('-o, --output <FORM>', 'raw (default), text, ndjson, json, csv, template=…, github or gitlab')
    .option('--json', 'same as -o ndjson')
    .option('--columns <LIST>', 'columns of -o csv')
    .option('--ansi <MODE>', "what becomes of the log's own control sequences: keep, colors or strip")
    .option('-t, --timestamps <FORM>', 'text: short, iso, unix, relative or none')
    .option('--timezone <ZONE>', 'local, UTC or a name such as Europe/Paris')
    .option('--utc', 'same as --timezone UTC')
    .option('--no-prefix', 'text: no column of the source (no time: -t none)');
  addGlobalOptions(addGateOptions(log)).action(
    async (target: string | undefined, build: string | undefined, _o: unknown, command: Command) => {
      const { printBuildLog } = await import('./build-log.ts');
      lent.end(await printBuildLog({ host: lent.host, target, build, options: command.opts() }));
    },
  );
}

function declareWait(builds: Command, lent: Lent): void {
  const wait = builds
    .command('wait')
    .description('Until the build ends; the exit code is its result')
    .argument('[target]', 'whose build')
    .argument('[build]', BUILD)
    .option('-o, --output <FORM>', 'text, json or ndjson: the build at its end')
    .option('--json', 'same as -o json');
  addGlobalOptions(addGateOptions(wait)).action(
    async (target: string | undefined, build: string | undefined, _o: unknown, command: Command) => {
      const { waitForBuild } = await import('./build-wait.ts');
      lent.end(await waitForBuild({ host: lent.host, target, build, options: command.opts() }));
    },
  );
}
