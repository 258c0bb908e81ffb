/** Public DKIM keys for scenes of the doctor, by their size; whoever has the other halves has thrown them away. */
export const rsa512 = [
  'MFwwDQYJKoZIhvcNAQEBBQADSwAwSAJBAMA/C4v9UAMN1+1BijFM0wCP+i7AYV2vMws//Zho2Opf8lTc5/c+kwFp1RaX1ISZ2qyu',
  'Cdq9dfNmWrMJS2oljvsCAwEAAQ==',
].join('');
export const rsa1024 = [
  'MIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQC2z6T1p1K4oj6vnGsppnBUZa5mroVFyTwoa1G7zQygNnMUJeE9s5RArKowIdVq',
  'zyS2iDO7jKGWYhgfXe1gHuAevc5YjrZc048AWKRjMxAfEGvVNyKfKurwGOGOZFds+b/KJ6NAuIosi+MafUri/WKu6/iVRjbInxGk',
  '188QNmMkzwIDAQAB',
].join('');
export const rsa2048 = [
  'MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEA1lNaNgVatGhS+r1AYQ3LEtBLVdxB2xMl3PdJP/I6+txkD39esxZTmymM',
  '4S8xsJBq6TSee5aA2fTjVpopowocnlcH98578zpYqFbDAtE6btLCoDsX7qrKp827FYZJHXEUf7mVOCZ+AkvP/7GaS5GEJv/DXWCd',
  'Y9QzWdRK4Gt+oNGSzEMIq4Ydyj6EASFBJspDp9zdKhcVUV/UTu3ww4t+MRkF4ypOFkYZPkIpYWtqPoDIyByAP9WdR4GseuxN8VY8',
  '/12UI4NueEfqCoFMcyFUeJzLhDHn1p/Sx9X5CqyaR0Sj5YqyV820nEdZOvAQpJBSKUC/2ypNEesm+SazogdLOwIDAQAB',
].join('');
export const otherRsa2048 = [
  'MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEAyARYCptQbp6JuceohNyTrsKXlqY1fUjv1PG7rKkICXEnCjmxaBw84M6B',
  'YLnN5wbdBNamctKeDafEVzCTvrjHDRQ/1ZG/Ia6zFvPpcu3kTs6xUGSkvOJvr6mIYaUKK2kyJj5+n1Yw957ptK8/YCt5P1lcqfuT',
  'bx1Tcsfm4szyXX570NnNZi1UFU+ePUaARuN43/K+JAJMl9gB9d0ks8qfCEHCg5dGA6emqPZ08YVz2vXpFNAhBPdt6UcljoK+tAQ4',
  'zdkzYPG/asSGn6dHyPXjcvd2T4SsG29+Ny3cRpryS3rWqBoH6mgLjOwV1Bkpns8bxEfw6Ec2nEqHKMRZPZsEYwIDAQAB',
].join('');
export const rsa4160 = [
  'MIICKjANBgkqhkiG9w0BAQEFAAOCAhcAMIICEgKCAgkA0LWjSQzc8UV1TPmE7WJWeEfdZX2d7YNPhvmlZvI8/sGfcbRguNtYYh4U',
  't0vxsG4w4Mq8R11pxsQKkAGYULKh0rrQx8qHjRCJlAMxwnSIhDglI5oXxuYDSblVpYd4mYXKTWaTCkgOrK34F0QoMSYn7NMUqTDN',
  'cFLpZiF4k+JJ3zDuy+GWQoK8cXs6g56Y5xuNACy8tHe+7YUs5iKO+IqgaUjyGNdkrvLm2pjne6Q0ZifgZC/oGA2PojqJN6Q1gLnA',
  'Ud5iYK7cpgz36jjTpCOsTyGY0hZ1yfPit0brCyZUGVnIf40S4+o+V69m7OeRTDtpE3q7r4mumQvXjXXzdxk/02pJle80dfHpJ83b',
  'j/3qXwIvl0f1omgGfaHKZZ8fivTLKvQ3m2v4hCELt1OowikZABv6CL4bAOk6IHUiHrecN2G5hntLYjS/szKWv80jgTyiwywk6GK4',
  'zhmKWtrEbhgigOSCe7VNd93c5HpN2tqY1D/bucQTXYAYGd9FH8BHnxQFA87xLBYrhK0tf0hYTZAHPL71cp5qShTCSMoh7+PFuQZK',
  'ucGfYQhzrocI5MFbh4YorVSRne21tZX918i+ie7BDhVOQYzpfHSONG96X1sKU8xL8Jazrywp79F0Y2a1MrsLqnoudLpyKxIcvMcy',
  'yMbLCy/62C8I2MrjsX7sds1RPiCv+tvIgKNwGwIDAQAB',
].join('');
export const ed25519 = '9UlwL2wcfiZes5fu3c320rIt4WUmsUSDsKZrUORJ4lk=';

/** The text in pieces that a zone file takes, as `example.com TXT ${inPieces(text)}`. */
export function inPieces(text: string): string {
  return (text.match(/.{1,200}/gs) ?? ['']).map((piece) => JSON.stringify(piece)).join(' ');
}
