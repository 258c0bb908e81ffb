/**
 * Addresses at which mailing services count a click and send the reader on. Following one does that and no more; where it leads is looked
 * at before it is followed in turn. Known by their paths, because senders give such hosts names of their own.
 */
const paths = [
  '(?:uni/)?ls/click', // SendGrid, Klaviyo
  'wf/click', // SendGrid, before
  'track/click', // Mailchimp, Mandrill
  'CL0/', // Amazon SES
  'e3t/Ctc/', // HubSpot
  'Ctc/',
  'c/eJ', // Mailgun
  'lnk/', // Mailjet
  'mk/cl/f/', // Brevo
  'f/a/', // SparkPost
  '3s/', // Postmark
  'e/c/', // Customer.io
];
const counting = new RegExp(`^/(?:${paths.join('|')})`);

export function isClickCounter({ pathname }: URL): boolean {
  return counting.test(pathname);
}
