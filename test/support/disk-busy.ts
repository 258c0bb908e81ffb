/** Whether a call of `node:fs` is under way: the database's log is synced in the thread pool, and who waits for a commit waits for that. */
export function isDiskBusy(): boolean {
  return process.getActiveResourcesInfo().includes('FSReqCallback');
}
