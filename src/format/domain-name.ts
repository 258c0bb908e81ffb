/** Domain names: text from outside to a proven value. (Being filled in.) */
declare const queryProof: unique symbol;
declare const domainProof: unique symbol;
/** Safe to put into a DNS query: 1..253 printable ASCII octets without blank, lower case, labels of 1..63, no final dot. */
export type QueryName = string & { readonly [queryProof]: true };
/** A host or mail domain as A-labels: letters, digits, dashes and underscores in labels of 1..63, lower case, no final dot. */
export type DomainName = QueryName & { readonly [domainProof]: true };
