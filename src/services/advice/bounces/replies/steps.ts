/** What to do in several cases. */

export const setUpAll = [
  'posthorn check {domain} names what is missing, with the records to set',
  'posthorn plan {domain} --sender NAME makes one plan for everybody who sends for the domain',
];
export const slower = [
  'send less at a time and let the queue try again: it waits longer after each refusal',
  'ask only people who want the mail, and take out addresses that bounce and people who complain',
];
