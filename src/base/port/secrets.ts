/** The port that seals what must not be readable in a stolen database or backup: private keys, provider tokens. */
export interface Secrets {
  /** Authenticated encryption; `label` is bound to the text, so a sealed value cannot be moved to another row. */
  readonly seal: (label: string, plain: Uint8Array) => Uint8Array;
  /** Throws a `Fault` (`SECRET_UNREADABLE`) when key or label differ or the bytes were changed. */
  readonly open: (label: string, sealed: Uint8Array) => Uint8Array;
  /** 32 octets only this office knows, the same after every start and different for every purpose (signing return paths). */
  readonly derive: (purpose: string) => Uint8Array;
}
