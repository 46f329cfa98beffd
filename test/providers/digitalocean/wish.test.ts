import { describe, expect, it } from 'vitest';
import { parseWish } from '../../../src/providers/digitalocean/wish.ts';

const wish = (flags: Record<string, string | boolean>) => parseWish({ flags });

describe('the flags', () => {
  it('want the run log of the active deployment by default', () => {
    expect(wish({})).toEqual({
      type: 'RUN',
      deployment: 'active',
      explicit: false,
      invocation: null,
      event: null,
      podConnection: null,
    });
  });

  it.each([
    ['build', 'BUILD'],
    ['RUN_RESTARTED', 'RUN_RESTARTED'],
    ['run-restarted', 'RUN_RESTARTED'],
    ['Run_Restarted', 'RUN_RESTARTED'],
    ['unspecified', 'UNSPECIFIED'],
    ['DEPLOY', 'DEPLOY'],
  ])('--type %s', (type, expected) => {
    expect(wish({ type }).type).toBe(expected);
  });

  it('know the type from the id of an event or of a job', () => {
    expect(wish({ 'event-id': 'e-1' })).toMatchObject({ type: 'AUTOSCALE_EVENT', event: 'e-1' });
    expect(wish({ 'job-invocation': 'j-1', type: 'job_invocation' })).toMatchObject({
      type: 'JOB_INVOCATION',
      invocation: 'j-1',
    });
  });

  it.each([
    ['active', 'active', true],
    ['ACTIVE', 'active', true],
    ['in_progress', 'in-progress', true],
    ['b6bdf840-2854-4f87-a36c-5f231c617c84', { id: 'b6bdf840-2854-4f87-a36c-5f231c617c84' }, true],
  ])('--deployment %s', (deployment, expected, explicit) => {
    expect(wish({ deployment })).toMatchObject({ deployment: expected, explicit });
  });

  it.each([
    ['10s', 10_000],
    ['3m', 180_000],
    ['1m30s', 90_000],
    ['500ms', 500],
  ])('--pod-connection-timeout %s', (text, millis) => {
    expect(wish({ 'pod-connection-timeout': text }).podConnection).toBe(millis);
  });

  it.each([
    [{ type: 'nonsense' }],
    [{ type: true }],
    [{ type: 'job-invocation' }],
    [{ type: 'autoscale-event' }],
    [{ type: 'run', 'event-id': 'e' }],
    [{ type: 'build', 'job-invocation': 'j' }],
    [{ 'event-id': 'e', 'job-invocation': 'j' }],
    [{ 'event-id': 'e', deployment: 'd' }],
    [{ deployment: '../../account' }],
    [{ 'event-id': 'a/b' }],
    [{ 'pod-connection-timeout': '5' }],
    [{ 'pod-connection-timeout': '0s' }],
    [{ 'pod-connection-timeout': '2h' }],
  ])('%j contradict themselves', (flags) => {
    expect(() => wish(flags as Record<string, string | boolean>)).toThrow(
      expect.objectContaining({ kind: 'usage' }),
    );
  });
});
