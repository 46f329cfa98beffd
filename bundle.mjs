// `npm run build`: src and the libraries that it uses in as many files as are loaded apart, with source maps.
// A process that reads ten files starts in two thirds of the time of one that reads two hundred.
import { resolve } from 'node:path';
import { build } from 'rolldown';

// What is loaded together goes into one file: what every command needs, and what reading any log needs besides.
const TOGETHER = {
  start: ['src/process.ts'],
  reading: ['src/commands/log-run.ts', 'src/transport/open-network.ts', 'src/output/text.ts'],
};

/** The modules that are reached without a dynamic import; an earlier group takes what a later one needs as well. */
function groupOf(name, index, { length }) {
  const own = (id, graph) => (reached(name, graph).has(id) ? name : null);
  return { name: own, debugName: name, priority: length - index };
}

const found = new Map();
function reached(name, graph) {
  if (!found.has(name)) {
    const seen = new Set();
    const visit = (id) => {
      if (seen.has(id)) return;
      seen.add(id);
      for (const imported of graph.getModuleInfo(id)?.importedIds ?? []) visit(imported);
    };
    for (const path of TOGETHER[name]) visit(resolve(path));
    found.set(name, seen);
  }
  return found.get(name);
}

/** Parts of libraries that are never used here, and that cost milliseconds at every start. */
const unused = {
  name: 'unused',
  transform: {
    filter: { id: /undici\/lib\/dispatcher\/client-h2\.js$|commander\/lib\/command\.js$/ },
    handler(code, id) {
      // node:http2 is loaded for it, and the agent is never asked for HTTP/2.
      if (id.endsWith('client-h2.js'))
        return { code: "module.exports = () => { throw new Error('HTTP/2 is off'); };", map: null };
      // Only for subcommands that are programs of their own.
      return { code: code.replace("require('node:child_process')", '{}'), map: null };
    },
  },
};

const { output } = await build({
  input: 'src/process.ts',
  platform: 'node',
  // Found at run time or not at all: it may be missing without harm.
  external: ['@napi-rs/keyring'],
  plugins: [unused],
  output: {
    dir: 'dist',
    cleanDir: true,
    format: 'esm',
    sourcemap: true,
    sourcemapExcludeSources: true,
    chunkFileNames: '[name].js',
    codeSplitting: { groups: Object.keys(TOGETHER).map(groupOf) },
  },
});

// Whoever asks for help must not wait for the rest.
const { imports } = output.find(({ name }) => name === 'start');
if (imports.includes('reading.js')) throw new Error('start.js needs reading.js');
