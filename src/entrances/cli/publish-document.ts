/** A publication as JSON: what was to change, and what became of it. */
import type { ChangeView, Publication, PublishEnd, ZoneDiff } from '../../services/setup/publish/types.ts';
import type { RecordChange, RecordSet } from '../../services/setup/types.ts';

export function diffDocument({ changes, elsewhere, obstacles, raisedTtl }: ZoneDiff): object {
  return {
    changes: changes.map(changeDocument),
    obstacles,
    ...(raisedTtl !== undefined && { raised_ttl: raisedTtl }),
    elsewhere: elsewhere.map(({ name, type, value, ttl, why }) => ({ name, type, value, ttl, why })),
  };
}

function changeDocument({ name, type, before, after }: RecordChange): object {
  return { name, type, ...(before && { before: setDocument(before) }), ...(after && { after: setDocument(after) }) };
}

function setDocument({ ttl, values }: RecordSet): object {
  return { ttl, values };
}

export function endDocument(end: PublishEnd): object {
  return {
    id: end.id,
    state: end.state,
    ...('say' in end && { code: end.code.replaceAll('-', '_'), say: end.say }),
    ...('left' in end && { left: end.left.map(changeDocument) }),
    ...('views' in end && { shown: end.views.map(viewDocument) }),
  };
}

export function viewDocument({ change: { name, type }, servers, say }: ChangeView): object {
  return {
    name,
    type,
    ...(say !== undefined && { say }),
    servers: servers.map(({ server, shows }) => ({ server, shows })),
  };
}

export function publicationDocument({ id, atMs, host, zone, state, say, undoes, changes }: Publication): object {
  return {
    id,
    at: new Date(atMs).toISOString(),
    host,
    zone,
    state,
    ...(say !== undefined && { say }),
    ...(undoes !== undefined && { undoes }),
    changes: changes.map(changeDocument),
  };
}
