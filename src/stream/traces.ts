// Which lines belong to a stack trace of Node, Python, Java, Ruby or Go. Knows one line after the other and nothing else.

/**
 * What an entry's lines so far have been, and so what may come: `plain` text; a `failure`'s words; `frames` of Node or
 * Java; an `object` printed behind Node's frames; the `source` of an uncaught error, that Node prints first; Python's
 * frames, the `code` below one of them that has lost its indentation, a `group` of errors with a margin before its lines,
 * the `raised` error, the words that `link` it to a second one; Ruby's `ruby-head` and `ruby` frames; Go's goroutines.
 */
export type Trace =
  | 'plain'
  | 'failure'
  | 'frames'
  | 'object'
  | 'source'
  | 'python'
  | 'python-code'
  | 'python-group'
  | 'python-raised'
  | 'python-link'
  | 'ruby-head'
  | 'ruby'
  | 'go';

/** Only so much of a line is looked at. */
const LOOKED_AT = 2048;

/** What an entry is that begins with this line. */
export function beginTrace(message: string): Trace {
  const line = lineOf(message);
  return frameOf(line, 'plain') ?? headOf(line);
}

/** What an entry is with one more line; null when the line does not belong to it. Blank lines are for `mayHoldBlank`. */
export function continueTrace(trace: Trace, message: string): Trace | null {
  const line = lineOf(message);
  if (line.text === '') return null;
  return frameOf(line, trace) ?? continuationOf(line, trace);
}

/** Whether a blank line may stand within such an entry, if what follows it belongs there too. */
export function mayHoldBlank(trace: Trace): boolean {
  return BLANK_WITHIN.has(trace);
}

const BLANK_WITHIN: ReadonlySet<Trace> = new Set([
  'failure',
  'frames',
  'source',
  'python-raised',
  'python-link',
  'ruby-head',
  'go',
]);

export function isBlank(message: string): boolean {
  return message.length < LOOKED_AT && message.trim() === '';
}

interface Line {
  /** Without the space around it. */
  readonly text: string;
  readonly isIndented: boolean;
}

function lineOf(message: string): Line {
  const first = message.charCodeAt(0);
  const text = (message.length > LOOKED_AT ? message.slice(0, LOOKED_AT) : message).trim();
  return { text, isIndented: first === 32 || first === 9 };
}

const TRACEBACK = 'Traceback (most recent call last):';
const GROUP_TRACEBACK = '+ Exception Group Traceback (most recent call last):';
/**
 * How frames end that have lost their indentation: `fn (/app/x.js:1:2)`, `/app/x.js:1:2`, `Foo.bar(Foo.java:12)` with a
 * jar behind it or not, `fn (/app/x.js:1:2) {`.
 */
const FRAME_END =
  /(?:\((?:[^()]*[/\\.:][^()]*|Native Method|Unknown Source|native|<anonymous>|index \d+)\)(?: ~?\[[^\]]*\])?|[/\\][^\s/\\]*:\d+:\d+)(?: \{)?$/;
const FRAME_TAIL = 200;

/** Lines that are part of a trace wherever they stand. Leading space is no condition: Akkeris takes it off (wire: Akkeris 2.3). */
function frameOf({ text, isIndented }: Line, trace: Trace): Trace | null {
  switch (text.charCodeAt(0)) {
    case 97: // a
      if (!text.startsWith('at ') || !(isIndented || FRAME_END.test(text.slice(-FRAME_TAIL)))) return null;
      return text.endsWith(' {') || trace === 'object' ? 'object' : 'frames';
    case 46: // .
      return /^\.\.\. \d+ (?:more|common frames omitted)/.test(text) ? 'frames' : null;
    case 67: // C
      return text.startsWith('Caused by: ') ? 'frames' : null;
    case 83: // S
      return text.startsWith('Suppressed: ') ? 'frames' : null;
    case 70: // F
      if (!text.startsWith('File "') || !/", line \d/.test(text)) return null;
      return isIndented ? 'python' : 'python-code';
    case 102: // f
      return /^from \S.*:\d+:in /.test(text) ? 'ruby' : null;
    case 103: // g
      return /^goroutine \d+ [^[]*\[[^\]]*\]:$/.test(text) ? 'go' : null;
  }
  if (/^\d+: from \S+:\d+:in /.test(text)) return 'ruby';
  if (!isIndented) return null;
  if (RUBY_FRAME.test(text)) return 'ruby';
  return trace !== 'source' && isGoPlace(text) && text.includes('/') ? 'go' : null;
}

function headOf({ text }: Line): Trace {
  if (text === TRACEBACK) return 'python';
  if (text === GROUP_TRACEBACK) return 'python-group';
  if (/^(?:panic|fatal error): /.test(text)) return 'go';
  if (/^\S+\.rb:\d+:in /.test(text)) return 'ruby-head';
  if (/^(?:file:\/\/|node:|\/|[A-Za-z]:\\)\S*:\d+$/.test(text)) return 'source';
  // A structured line is whole.
  if (/^(?:\{|[\w.@-]+=)/.test(text)) return 'plain';
  return /error|exception|fatal|critical|fail|panic/i.test(text.slice(0, 512)) ? 'failure' : 'plain';
}

/** `java.lang.IllegalStateException: words`: whoever logs an error in Java prints that on a line of its own. */
const JAVA_HEAD = /^(?:[a-z_][\w$]*\.)+[A-Z][\w$]*(?:Exception|Error|Throwable|Failure)(?:: .*)?$/;
/** `KeyError: 'x'`, `json.decoder.JSONDecodeError: …`, `KeyboardInterrupt`. */
const PYTHON_RAISED = /^(?:\w+\.)*[A-Z]\w*(?::(?: .*)?)?$/;
const PYTHON_ERROR = /^[\w.]*(?:Error|Exception|Warning|Interrupt|Exit|Iteration)(?::(?: .*)?)?$/;
const NODE_ERROR = /^(?:Uncaught )?[\w$.]*(?:Error|Exception)\b|^\[.*\]$/;
/** `app/models/a.rb:3:in 'show'`; Rails writes `actionpack (7.0.4) lib/x.rb:4:in 'call'` of what is in a gem. */
const RUBY_FRAME = /^(?:[\w.-]+ \([\w.-]+\) )?\S+:\d+:in [`'"]/;
const GO_WORDS =
  /^(?:created by \S|\[signal |panic[:(]|exit status \d|runtime stack:|\.{3}additional frames)/;

function continuationOf(line: Line, trace: Trace): Trace | null {
  const { text, isIndented } = line;
  switch (trace) {
    case 'plain':
      return null;
    case 'failure':
      if (text === TRACEBACK) return 'python';
      if (text === GROUP_TRACEBACK) return 'python-group';
      if (RUBY_FRAME.test(text)) return 'ruby';
      return JAVA_HEAD.test(text) ? 'frames' : null;
    case 'frames':
      return /^(?:Node\.js v\d.*|[}\]],?)$/.test(text) ? 'frames' : null;
    case 'object':
      if (!isIndented && text === '}') return 'frames';
      return isIndented || /^[}\]]|^\[?[\w']+\]?: /.test(text) ? 'object' : null;
    case 'source':
      if (isIndented || text.startsWith('throw ') || /^[\^~]+$/.test(text)) return 'source';
      return NODE_ERROR.test(text) ? 'failure' : null;
    case 'ruby-head':
      return isIndented || RUBY_FRAME.test(text) ? (RUBY_FRAME.test(text) ? 'ruby' : 'ruby-head') : null;
    case 'ruby':
      return RUBY_FRAME.test(text) ? 'ruby' : null;
    case 'go':
      return continuesGo(text) ? 'go' : null;
    default:
      return continuesPython(line, trace);
  }
}

function continuesGo(text: string): boolean {
  return GO_WORDS.test(text) || isGoCall(text) || (isGoPlace(text) && /\.(?:go|s):/.test(text));
}

/** `main.work(0xc000012345, {0x1, 0x2})`, `net/http.(*conn).serve(…)`. */
function isGoCall(text: string): boolean {
  if (!text.endsWith(')')) return false;
  const space = text.indexOf(' ');
  const word = space === -1 ? text : text.slice(0, space);
  return word.includes('.') && word.indexOf('(') > 0;
}

/** `/app/main.go:12 +0x1d`; the offset may be missing. */
function isGoPlace(text: string): boolean {
  const space = text.indexOf(' ');
  if (space !== -1 && !/^ \+0x[\da-f]+$/.test(text.slice(space))) return false;
  const path = space === -1 ? text : text.slice(0, space);
  const colon = path.lastIndexOf(':');
  return colon > 0 && /^\d+$/.test(path.slice(colon + 1));
}

function continuesPython({ text, isIndented }: Line, trace: Trace): Trace | null {
  if (/^(?:During handling of the above exception|The above exception was the direct cause)/.test(text)) {
    return 'python-link';
  }
  if (trace === 'python-group') return continuesGroup(text);
  // A group within a group has had its last error; the outer one goes on with its next.
  if (trace === 'python-raised') return GROUP_PART.test(text) ? 'python-group' : null;
  if (text === GROUP_TRACEBACK) return 'python-group';
  if (trace === 'python-link') return text === TRACEBACK ? 'python' : null;
  // The one line of code below a frame, unless Python had none to show.
  if (trace === 'python-code' && !PYTHON_ERROR.test(text)) return 'python';
  if (isIndented || /^[\^~]+$/.test(text)) return 'python';
  return PYTHON_RAISED.test(text) ? 'python-raised' : null;
}

/** `+-+---------------- 1 ----------------`, `+---------------- ... ----------------`: above each error of a group. */
const GROUP_PART = /^\+(?:-\+)?-{9,} (?:\d+|\.{3}) -{9,}$/;

/** Every line has a margin, a blank one too. */
function continuesGroup(text: string): Trace | null {
  // The lower edge.
  if (/^\+-{9,}$/.test(text)) return 'python-raised';
  return text === '|' || text.startsWith('| ') || GROUP_PART.test(text) ? 'python-group' : null;
}
