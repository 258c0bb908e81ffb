# Mail::DKIM: `verify` judges every signature, `sign` signs with rsa-sha256. JSON lines in, JSON lines out.
use strict;
use warnings;
use JSON::PP;
use MIME::Base64;
use Mail::DKIM::Signer;
use Mail::DKIM::Verifier;
use Mail::DKIM::PrivateKey;
use Net::DNS;

my $world = {};
{
    no warnings 'redefine';
    *Mail::DKIM::DNS::query = sub {
        my ($name, $type) = @_;
        my $texts = ($world->{ lc $name } || {})->{TXT};
        unless ($texts) { $@ = 'NXDOMAIN'; return; }
        $@ = 'NOERROR';
        return map { Net::DNS::RR->new(name => $name, type => 'TXT', ttl => 60, txtdata => $_) } @$texts;
    };
}

sub verify {
    my ($case) = @_;
    my $verifier = Mail::DKIM::Verifier->new(Strict => 1);
    $verifier->PRINT(decode_base64($case->{message}));
    $verifier->CLOSE;
    # Signatures it refuses to try are not in its list: each is matched by what stands in its b=.
    my %said = map { ($_->data => $_) } $verifier->signatures;
    my (@results, @why);
    for my $data (@{ $case->{b} }) {
        my $signature = $said{$data};
        push @results, $signature ? $signature->result : 'error';
        push @why, $signature ? $signature->result_detail : 'not tried';
    }
    return { results => \@results, why => \@why };
}

sub sign {
    my ($case) = @_;
    my $pem = $case->{pem};
    $pem =~ s/-----[^-]+-----|\s//g;
    my $signer = Mail::DKIM::Signer->new(
        Algorithm => 'rsa-sha256',
        Method => "$case->{header_form}/$case->{body_form}",
        Domain => $case->{domain},
        Selector => $case->{selector},
        Key => Mail::DKIM::PrivateKey->load(Data => $pem),
    );
    my $message = decode_base64($case->{message});
    $signer->PRINT($message);
    $signer->CLOSE;
    return { signed => encode_base64($signer->signature->as_string . "\r\n" . $message, '') };
}

my $job = { verify => \&verify, sign => \&sign }->{ $ARGV[0] };
my $json = JSON::PP->new->canonical;
$| = 1;
while (my $line = <STDIN>) {
    my $case = decode_json($line);
    $world = $case->{world};
    my $answer = eval { $job->($case) } || { results => [], why => "$@" };
    print $json->encode({ id => $case->{id}, %$answer }), "\n";
}
