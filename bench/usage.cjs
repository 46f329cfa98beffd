// Preloaded into measured programs (never for wall-clock ratios of start-up): writes what they used when they end.
const { readFileSync, writeFileSync } = require('node:fs');

const path = process.env.BENCH_USAGE;
if (path) {
  delete process.env.NODE_OPTIONS;
  writeFileSync(`${path}.pid`, String(process.pid));
  process.on('exit', () => {
    const { userCPUTime, systemCPUTime } = process.resourceUsage();
    // The operating system's own mark of this program; resourceUsage's counts what it was forked from as well.
    const peak = /VmHWM:\s+(\d+)/.exec(readFileSync('/proc/self/status', 'utf8'));
    writeFileSync(
      path,
      JSON.stringify({ cpu: (userCPUTime + systemCPUTime) / 1e6, peak: Number(peak?.[1]) / 1024 }),
    );
  });
}
