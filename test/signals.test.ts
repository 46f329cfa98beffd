// What signals do, on a process that is only looked at.
import { EventEmitter } from 'node:events';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { takeSignals } from '../src/signals.ts';

class Looked extends EventEmitter {
  exits: number[] = [];
  stdout = { writableLength: 0 };
  stderr = { writableLength: 0 };
  pid = 4711;
  active: string[] = [];
  killed: unknown[] = [];

  worked = 4_000_000;
  cpuUsage() {
    return { user: this.worked, system: 0 };
  }

  getActiveResourcesInfo(): string[] {
    return this.active;
  }

  kill(pid: number, name: string): void {
    this.killed.push([pid, name, this.listenerCount(name)]);
  }

  exit(code: number): void {
    this.exits.push(code);
  }
}

let looked: Looked;
beforeEach(() => {
  vi.useFakeTimers();
  looked = new Looked();
});
afterEach(() => void vi.useRealTimers());

describe('one signal', () => {
  it('asks for an end, with its code', () => {
    const { stop } = takeSignals(looked);
    looked.emit('SIGTERM');
    expect(stop.reason).toMatchObject({ message: 'SIGTERM', exitCode: 143 });
    expect(looked.exits).toEqual([]);
  });

  it('ends it within a fifth of a second where the reader takes nothing', () => {
    takeSignals(looked);
    looked.stdout.writableLength = 70_000;
    looked.emit('SIGINT');
    vi.advanceTimersByTime(100);
    expect(looked.exits).toEqual([]);
    vi.advanceTimersByTime(90);
    expect(looked.exits).toEqual([130]);
  });

  it('waits for no name that is being looked up: the process dies of it', () => {
    const { end } = takeSignals(looked);
    end(130);
    expect(looked.killed).toEqual([]);
    looked.active = ['TTYWrap', 'GetAddrInfoReqWrap'];
    end(70);
    expect(looked.killed).toEqual([]);
    end(143);
    expect(looked.killed).toEqual([[4711, 'SIGTERM', 0]]);
  });

  it('ends it within a fifth of a second where there is too much to be worked off', () => {
    takeSignals(looked);
    looked.emit('SIGINT');
    looked.worked += 149_000;
    vi.advanceTimersByTime(100);
    expect(looked.exits).toEqual([]);
    looked.worked += 1000;
    vi.advanceTimersByTime(90);
    expect(looked.exits).toEqual([130]);
  });

  it('leaves more time where everything is taken, but not for ever', () => {
    takeSignals(looked);
    looked.emit('SIGINT');
    vi.advanceTimersByTime(900);
    expect(looked.exits).toEqual([]);
    vi.advanceTimersByTime(200);
    expect(looked.exits).toEqual([130]);
  });
});

describe('two signals', () => {
  it('end it at once, with the code of the second, and clean up before', () => {
    const { signals } = takeSignals(looked);
    const left: string[] = [];
    signals.beforeForcedEnd(() => left.push('part'));
    signals.beforeForcedEnd(() => left.push('kept'))();
    looked.emit('SIGINT');
    expect(left).toEqual([]);
    looked.emit('SIGTERM');
    expect(looked.exits).toEqual([143]);
    expect(left).toEqual(['part']);
  });
});

it('raised by a terminal in raw mode is no different', () => {
  const { stop, signals } = takeSignals(looked);
  signals.raise('SIGINT');
  expect(stop.reason).toMatchObject({ exitCode: 130 });
  signals.raise('SIGINT');
  expect(looked.exits).toEqual([130]);
});

describe('a child', () => {
  it('gets all signals while it runs', () => {
    const { stop, signals } = takeSignals(looked);
    const got: string[] = [];
    const release = signals.take((name) => got.push(name));
    for (const name of ['SIGINT', 'SIGINT', 'SIGHUP']) looked.emit(name);
    vi.advanceTimersByTime(5000);
    expect(got).toEqual(['SIGINT', 'SIGINT', 'SIGHUP']);
    expect(stop.aborted).toBe(false);
    expect(looked.exits).toEqual([]);
    release();
    looked.emit('SIGINT');
    expect(stop.aborted).toBe(true);
  });
});
