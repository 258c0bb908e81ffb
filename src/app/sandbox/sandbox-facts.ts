/** What the sandbox writes to DATA/sandbox.json for people and programs: where everything is, and how to get in. */
export type SandboxFacts = {
  readonly api: { readonly url: string; readonly key: string };
  readonly submission: {
    readonly host: string;
    readonly port: number;
    readonly tls_port: number;
    readonly user: string;
    readonly password: string;
    readonly from: string;
  };
  readonly mx: {
    readonly host: string;
    readonly port: number;
    /** Takes connections only with a PROXY protocol header: the world's own hosts come in here. */
    readonly proxy_port: number;
    readonly domain: string;
    /** The name of your office in the world. */
    readonly hostname: string;
    readonly recipient: string;
  };
  readonly dns: { readonly host: string; readonly port: number };
  /** Policies of your domains, with the certificate of your office. */
  readonly https: { readonly host: string; readonly port: number };
  readonly pid: number;
  readonly world: {
    readonly yours: string;
    readonly theirs: string;
    readonly stranger: string;
    readonly other_domain: string;
    readonly friend: string;
    readonly other_api: { readonly url: string; readonly key: string };
    /** PEM of the sandbox's certificate authority. */
    readonly authority: string;
    readonly facts_file: string;
  };
};
