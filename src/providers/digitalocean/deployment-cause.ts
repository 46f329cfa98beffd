// Why a deployment was made, and of what: its words, its commit, who did it. Knows no request.
import { type Fields, fieldsOf, listOf, textOf } from '../../transport/json-fields.ts';

export interface Cause {
  /** The platform's sentence (`commit 9a4df0b pushed to github/acme/shop`, `manual`). */
  readonly cause: string | null;
  /** The platform's word (`DEPLOY_ON_PUSH`). */
  readonly kind: string | null;
  readonly commit: string | null;
  /** A branch, or the tag or digest of an image. */
  readonly ref: string | null;
  readonly user: string | null;
  /** Of the commit. */
  readonly message: string | null;
}

/** wire: DigitalOcean 3; `cause_details` is known to the platform's own client alone, so all of it may be missing. */
export function causeOf(deployment: Fields): Cause {
  const details = fieldsOf(deployment.cause_details);
  const push = fieldsOf(details?.git_push);
  const image = fieldsOf(details?.docr_push);
  const action = fieldsOf(details?.digitalocean_user_action);
  const user = fieldsOf(action?.user);
  const cause = textOf(deployment.cause) ?? textOf(action?.name);
  return {
    cause,
    kind: textOf(details?.type),
    commit: textOf(push?.commit_sha) ?? sourceCommit(deployment) ?? mentionedCommit(cause),
    ref: branchOf(push) ?? textOf(image?.tag) ?? textOf(image?.image_digest),
    user:
      textOf(push?.username) ??
      textOf(push?.commit_author) ??
      textOf(user?.email) ??
      textOf(user?.full_name) ??
      textOf(user?.uuid),
    message: textOf(push?.commit_message),
  };
}

const BUILT = ['services', 'static_sites', 'workers', 'jobs', 'functions'];

/** Of the first component that was built from a commit. */
function sourceCommit(deployment: Fields): string | null {
  for (const kind of BUILT) {
    for (const component of listOf(deployment[kind])) {
      const commit = textOf(component.source_commit_hash);
      if (commit !== null) return commit;
    }
  }
  return null;
}

function mentionedCommit(cause: string | null): string | null {
  return /^commit ([0-9a-f]{7,64})\b/i.exec(cause ?? '')?.[1] ?? null;
}

function branchOf(push: Fields | null): string | null {
  const source = fieldsOf(push?.github) ?? fieldsOf(push?.gitlab) ?? fieldsOf(push?.bitbucket);
  return textOf(source?.branch);
}
