/**
 * Names that forged mail likes best, with the domains they send from. Only names that are hardly anything else: no `Apple`, no
 * `Chase`, no `Orange`.
 */
export type Brand = {
  /** As it is looked for: small letters, one blank between words. */
  readonly name: string;
  readonly shown: string;
  readonly domains: readonly string[];
};

export const brands: readonly Brand[] = [
  brand('PayPal', 'paypal.com paypal.de paypal.co.uk paypal.fr paypal.it paypal.es paypal-communication.com'),
  brand(
    'Microsoft',
    'microsoft.com microsoftonline.com office.com office365.com live.com outlook.com azure.com xbox.com',
  ),
  brand('Office 365', 'microsoft.com microsoftonline.com office.com office365.com'),
  brand('Google', 'google.com youtube.com gmail.com withgoogle.com android.com'),
  brand('Netflix', 'netflix.com'),
  brand('Facebook', 'facebook.com facebookmail.com fb.com meta.com'),
  brand('Instagram', 'instagram.com facebookmail.com meta.com'),
  brand('WhatsApp', 'whatsapp.com facebookmail.com meta.com'),
  brand('LinkedIn', 'linkedin.com'),
  brand('DocuSign', 'docusign.com docusign.net'),
  brand('Dropbox', 'dropbox.com dropboxmail.com dropboxsign.com'),
  brand('iCloud', 'apple.com icloud.com me.com'),
  brand('Apple ID', 'apple.com icloud.com'),
  brand('Amazon Prime', 'amazon.com amazon.de amazon.co.uk amazon.fr amazon.it amazon.es amazon.co.jp primevideo.com'),
  brand('eBay', 'ebay.com ebay.de ebay.co.uk ebay.fr ebay.it ebay.es'),
  brand('DHL', 'dhl.com dhl.de deutschepost.de'),
  brand('FedEx', 'fedex.com'),
  brand('Coinbase', 'coinbase.com'),
  brand('Binance', 'binance.com'),
  brand('MetaMask', 'metamask.io consensys.io consensys.net'),
  brand('HSBC', 'hsbc.com hsbc.co.uk'),
  brand('Wells Fargo', 'wellsfargo.com'),
  brand('Bank of America', 'bankofamerica.com bofa.com'),
  brand('American Express', 'americanexpress.com aexp.com'),
  brand('Mastercard', 'mastercard.com'),
  brand('Deutsche Bank', 'deutsche-bank.de db.com'),
  brand('Commerzbank', 'commerzbank.com commerzbank.de'),
  brand('Santander', 'santander.com santander.de santander.co.uk gruposantander.com'),
  brand('Western Union', 'westernunion.com'),
  brand('Spotify', 'spotify.com'),
];

function brand(shown: string, domains: string): Brand {
  return { name: shown.toLowerCase(), shown, domains: domains.split(' ') };
}
