/** A request to send in which every field has a value that is taken. */
export const fullEmail = {
  from: 'Ann <ann@example.com>',
  to: ['bob@example.net'],
  cc: ['cleo@example.net'],
  bcc: ['dora@example.net'],
  reply_to: ['answers@example.com'],
  subject: 'Hi',
  text: 'It works.',
  html: '<p>It works.</p>',
  headers: { 'X-Order': '1' },
  attachments: [
    { filename: 'a.txt', content: 'aGk=', content_type: 'text/plain', content_id: 'a', disposition: 'inline' },
  ],
  stream: 'default',
  tags: ['a'],
  metadata: { order: '7' },
};
