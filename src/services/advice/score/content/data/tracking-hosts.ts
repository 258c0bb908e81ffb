/** Hosts of mailing services that count clicks and opening for all their customers: these names and all below them. */
const trackingHosts: ReadonlySet<string> = new Set(
  `
  acemlna.com acemlnb.com acemlnc.com acemlnd.com activehosted.com aweber.com awstrack.me
  benchmarkurl.com bmetrack.com brevo.com bsd.net campaign-archive.com clickdimensions.com cmail19.com
  cmail20.com constantcontact.com convertkit-mail.com convertkit-mail2.com convertkit-mail4.com
  createsend1.com createsend.com customeriomail.com dotmailer.com drip.com e2ma.net ecn5.com
  elasticemail.com emarsys.net emltrk.com exacttarget.com exct.net getresponse.com gr-cdn.com
  hs-sites.com hubspotemail.net hubspotlinks.com hubspotlinksfree.com icontact.com infusionsoft.com
  intercom-clicks.com intercom-mail.com iterable.com keap-link001.com klclick.com klclick1.com
  klclick2.com klclick3.com list-manage.com list-manage1.com list-manage2.com list-manage6.com
  mailchimp.com mailerlite.com mailgun.org mailjet.com mandrillapp.com mjt.lu mktoweb.com
  mlsend.com mlsend2.com mlsend3.com moosend.com ml-attr.com omnisend.com pardot.com postmarkapp.com
  pstmrk.it rs6.net salesforce-communities.com sailthru.com sendgrid.net sendibm1.com sendibm2.com
  sendibm3.com sendibt2.com sendibt3.com sendinblue.com sendpul.se sparkpostmail.com
  sparkpostmail2.com spgo.io tinyletter.com vresp.com
  `
    .trim()
    .split(/\s+/),
);

export function isTrackingHost(host: string): boolean {
  for (let name = host; name.includes('.'); name = name.slice(name.indexOf('.') + 1))
    if (trackingHosts.has(name)) return true;
  return false;
}
