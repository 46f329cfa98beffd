// The JSON Schema (draft 07) of every record that is printed. A new type of record is one more entry in SHAPES.
import { BUILD_STATUSES, LEVELS, LOG_SOURCES } from '../model.ts';
import { COMMON_KEYS, RECORD_KEYS, type RecordType } from './records.ts';

export type JsonSchema = Readonly<Record<string, unknown>>;

const text: JsonSchema = { type: 'string' };
const textOrNull: JsonSchema = { type: ['string', 'null'] };
const count: JsonSchema = { type: 'integer', minimum: 0 };
const countOrNull: JsonSchema = { type: ['integer', 'null'], minimum: 0 };
const TIME = '^\\d{4}-\\d{2}-\\d{2}T\\d{2}:\\d{2}:\\d{2}(\\.\\d{1,9})?Z$';
const time: JsonSchema = { type: 'string', pattern: TIME };
const timeOrNull: JsonSchema = { type: ['string', 'null'], pattern: TIME };

interface Shape {
  readonly about: string;
  /** Whether it may concern several targets at once: then provider, profile and app are null. */
  readonly isGeneral?: true;
  readonly properties: Readonly<Record<string, JsonSchema>>;
  /** Keys that stand in a record only where they apply. */
  readonly optional?: Readonly<Record<string, JsonSchema>>;
}

const component: JsonSchema = {
  type: 'object',
  properties: { name: text, kind: text, instances: countOrNull },
  required: ['name', 'kind', 'instances'],
  additionalProperties: false,
};

const numberOrNull: JsonSchema = { type: ['number', 'null'] };

const step: JsonSchema = {
  type: 'object',
  properties: {
    name: { type: 'string', description: 'Nested steps are written parent/child.' },
    status: { enum: [...BUILD_STATUSES] },
    started: timeOrNull,
    finished: timeOrNull,
    reason: textOrNull,
  },
  required: ['name', 'status', 'started', 'finished', 'reason'],
  additionalProperties: false,
};

const SHAPES: Readonly<Record<RecordType, Shape>> = {
  log: {
    about: 'One line of a log.',
    properties: {
      ts: timeOrNull,
      ts_quality: { enum: ['exact', 'second', 'corrected', 'observed'] },
      observed: time,
      component: textOrNull,
      instance: textOrNull,
      source: { enum: [...LOG_SOURCES] },
      stream: { enum: ['stdout', 'stderr', null] },
      level: { enum: [...LEVELS, null] },
      severity: { type: ['integer', 'null'], minimum: 1, maximum: 24 },
      message: text,
      fields: { type: ['object', 'null'] },
      id: textOrNull,
      deployment: textOrNull,
      seq: { type: 'integer', minimum: 1 },
    },
    optional: {
      late: { const: true, description: 'It came after lines that are later: see --reorder.' },
      truncated: {
        type: ['integer', 'null'],
        minimum: 1,
        description: 'Bytes cut off a line beyond the limit; null when its end never came.',
      },
      raw: { type: 'string', description: "The platform's line, with --include-raw." },
    },
  },
  app: {
    about: 'What can be addressed.',
    properties: {
      id: text,
      name: text,
      components: { type: 'array', items: component },
      region: textOrNull,
      status: textOrNull,
    },
  },
  build: {
    about: 'A build, a deployment or a background task.',
    properties: {
      id: text,
      status: { enum: [...BUILD_STATUSES] },
      native_status: text,
      kind: textOrNull,
      created: timeOrNull,
      started: timeOrNull,
      finished: timeOrNull,
      duration: { ...numberOrNull, description: 'Seconds.' },
      commit: textOrNull,
      ref: textOrNull,
      cause: textOrNull,
      user: textOrNull,
      message: textOrNull,
      steps: { type: 'array', items: step },
      progress: { ...numberOrNull, description: 'Percent.' },
      reason: textOrNull,
      url: textOrNull,
    },
  },
  event: {
    about: 'Something that happened to an app.',
    properties: {
      ts: timeOrNull,
      id: textOrNull,
      kind: text,
      native_kind: text,
      component: textOrNull,
      user: textOrNull,
      message: text,
      fields: { type: ['object', 'null'] },
    },
  },
  metric: {
    about: 'One sample of one metric.',
    properties: {
      ts: time,
      component: textOrNull,
      instance: textOrNull,
      metric: text,
      unit: text,
      value: numberOrNull,
      aggregate: { enum: ['mean', 'sum', 'last'] },
      resolution: { ...numberOrNull, description: 'Seconds.' },
    },
  },
  state: {
    about: 'What an app, a component or a container is doing now.',
    properties: {
      ts: timeOrNull,
      component: textOrNull,
      state: text,
      native_state: text,
      fields: { type: ['object', 'null'] },
    },
  },
  gap: {
    about: 'Something may be missing here.',
    properties: {
      from: timeOrNull,
      to: timeOrNull,
      reason: text,
      certainty: { enum: ['possible', 'certain'] },
      count: countOrNull,
    },
  },
  notice: {
    about: 'A word to the person who watches.',
    isGeneral: true,
    properties: { ts: time, kind: text, message: text },
  },
  end: {
    about: 'How the command ended.',
    isGeneral: true,
    properties: {
      reason: text,
      exit: count,
      records: count,
      gaps: count,
      duplicates_dropped: count,
      reconnects: count,
      oldest: timeOrNull,
      newest: timeOrNull,
      cursor: textOrNull,
    },
  },
};

/** The whole schema: a record is one of the types. */
export function recordSchema(): JsonSchema {
  const types = Object.keys(SHAPES) as RecordType[];
  return {
    $schema: 'http://json-schema.org/draft-07/schema#',
    title: 'polylog record, version 1',
    description: 'One line of -o ndjson, one element of -o json.',
    oneOf: types.map((type) => ({ $ref: `#/definitions/${type}` })),
    definitions: Object.fromEntries(types.map((type) => [type, definitionOf(type, SHAPES[type])])),
  };
}

function definitionOf(type: RecordType, shape: Shape): JsonSchema {
  const place = shape.isGeneral ? textOrNull : text;
  return {
    description: shape.about,
    type: 'object',
    properties: {
      v: { const: 1 },
      type: { const: type },
      provider: place,
      profile: place,
      app: place,
      ...shape.properties,
      ...shape.optional,
    },
    required: [...COMMON_KEYS, ...RECORD_KEYS[type]],
    additionalProperties: false,
  };
}
