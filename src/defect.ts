// What is said of an error that polylog did not foresee. Knows nothing else.

/** One sentence; with `debug` the stack besides, without what looks like a secret. */
export function describeDefect(error: unknown, options: { debug: boolean }): string {
  const what = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
  const said = `polylog: this is a defect in polylog (${masked(what)}). Please report it${options.debug ? '' : ' with the output of the same command with --debug'}.`;
  if (!options.debug || !(error instanceof Error) || !error.stack) return said;
  return `${said}\n${masked(error.stack)}`;
}

function masked(text: string): string {
  return text
    .replace(/([?&][^=&\s]*(?:token|sig|signature|password|pwd|sid|secret|key)[^=&\s]*=)[^&\s"']+/gi, '$1***')
    .replace(/\b(Bearer|Basic)\s+[\w.~+/=-]+/gi, '$1 ***')
    .replace(/\b(?:tk-us-|dop_v1_|doo_v1_)[\w-]+/g, '***')
    .replace(/(\/\/)[^/@\s:]+:[^/@\s]+@/g, '$1***@');
}
