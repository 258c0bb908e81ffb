/** Limits and use as Linux writes them. */
import assert from 'node:assert/strict';
import test from 'node:test';
import {
  groupPlaces,
  judgeShortage,
  type Measure,
  measureGroup,
  measureOldGroup,
  measureProcess,
  shareTaken,
} from './judge-memory.ts';

const mb = 1024 * 1024;

test('short from three quarters of any limit, well again a little below', () => {
  const of = (...shares: number[]) => shares.map((share) => ({ limitBytes: 100 * mb, usedBytes: share * mb }));
  const isShort = (measures: readonly Measure[], was: boolean) => judgeShortage(shareTaken(measures), was);
  assert.equal(isShort(of(74, 20), false), false);
  assert.equal(isShort(of(20, 75), false), true);
  assert.equal(isShort(of(72, 20), true), true);
  assert.equal(isShort(of(69, 69), true), false);
  assert.equal(isShort([], true), false);
});

test('a control group: page cache does not count, shared memory does', () => {
  const stat = `anon ${60 * mb}\nfile ${100 * mb}\nkernel ${2 * mb}\nshmem ${10 * mb}\nfile_mapped 5\n`;
  assert.deepEqual(measureGroup({ max: `${256 * mb}\n`, current: `${162 * mb}\n`, stat }), {
    limitBytes: 256 * mb,
    usedBytes: 72 * mb,
  });
  assert.equal(measureGroup({ max: 'max\n', current: '1\n', stat }), undefined);
});

test('a control group of version 1: the least limit above it, with what is below it', () => {
  const stat = `cache 1\nrss 1\nhierarchical_memory_limit ${128 * mb}\ntotal_cache ${50 * mb}\ntotal_rss 1\ntotal_shmem ${mb}\n`;
  assert.deepEqual(measureOldGroup({ usage: `${120 * mb}\n`, stat }), { limitBytes: 128 * mb, usedBytes: 71 * mb });
  assert.equal(measureOldGroup({ usage: '1', stat: '' }), undefined);
});

test('limits of the process and the machine', () => {
  const status = 'Name:\tnode\nVmSize:\t 4000 kB\nVmRSS:\t  200 kB\nVmData:\t  900 kB\n';
  const limits =
    'Limit                     Soft Limit           Hard Limit           Units\nMax data size             1000000              unlimited            bytes\nMax address space         unlimited            unlimited            bytes\n';
  assert.deepEqual(measureProcess({ limits, status }, 8 * mb), [
    { limitBytes: 8 * mb, usedBytes: 200 * 1024 },
    { limitBytes: 1_000_000, usedBytes: 900 * 1024 },
  ]);
});

test('where the control group may be', () => {
  assert.deepEqual(groupPlaces('9:name=systemd:/\n4:memory:/docker/ab\n0::/\n'), {
    old: ['/sys/fs/cgroup/memory/docker/ab', '/sys/fs/cgroup/memory'],
    now: ['/sys/fs/cgroup'],
  });
  assert.deepEqual(groupPlaces('0::/system.slice/posthorn.service\n'), {
    old: [],
    now: ['/sys/fs/cgroup/system.slice/posthorn.service', '/sys/fs/cgroup/system.slice', '/sys/fs/cgroup'],
  });
});
