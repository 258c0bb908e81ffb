import assert from 'node:assert/strict';
import test from 'node:test';
import { awsAuthorization, awsTime } from './aws-signature.ts';

const credentials = { accessKeyId: 'AKIDEXAMPLE', secretAccessKey: 'wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY' };
const scope = { region: 'us-east-1', service: 'service' };
const stamp = awsTime(Date.UTC(2015, 7, 30, 12, 36));
const signatureOf = (path: string, method = 'GET') => {
  const headers = { host: 'example.amazonaws.com', 'x-amz-date': stamp };
  const url = new URL(path, 'https://example.amazonaws.com');
  return awsAuthorization({ method, url, headers, body: '' }, credentials, scope);
};

/** Cases of Amazon's own test suite for signature version 4. */
test('the signatures that Amazon publishes come out', () => {
  assert.equal(
    signatureOf('/'),
    'AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/service/aws4_request, SignedHeaders=host;x-amz-date, Signature=5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31',
  );
  assert.match(signatureOf('/', 'POST'), /Signature=5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b$/);
  assert.match(
    signatureOf('/?Param2=value2&Param1=value1'),
    /Signature=b97d918cfa904a5beff61c982a1b6f458b799221646efd99d3219ec94cdf2500$/,
  );
});
