# Mail::SPF over the world of each case: JSON lines in, JSON lines out.
use strict;
use warnings;
use JSON::PP;
use Mail::SPF;
use Net::DNS;

package Resolver;

sub new { my ($class) = @_; return bless { world => {}, error => '' }, $class; }
sub errorstring { my ($self) = @_; return $self->{error}; }
sub udppacketsize { return 4096; }
sub defnames { return 0; }

sub send {
    my ($self, $name, $type) = @_;
    $name = lc $name;
    $name =~ s/\.$//;
    $self->{error} = 'NOERROR';
    my $packet = Net::DNS::Packet->new($name, $type, 'IN');
    $packet->header->qr(1);
    my $records;
    for my $step (0 .. 9) {
        $records = $self->{world}{$name};
        last unless $records;
        if ($records->{fail}) {
            if ($records->{fail} eq 'TIMEOUT') { $self->{error} = 'query timed out'; return undef; }
            $packet->header->rcode('SERVFAIL');
            return $packet;
        }
        last if $type eq 'CNAME' || !$records->{CNAME};
        my $target = $records->{CNAME}[0];
        $packet->push(answer => Net::DNS::RR->new(name => $name, type => 'CNAME', ttl => 60, cname => $target));
        $name = $target;
    }
    $packet->header->rcode('NXDOMAIN') unless $records;
    for my $value (@{ ($records || {})->{$type} || [] }) {
        my %data = $type eq 'MX' ? (preference => $value->[0], exchange => $value->[1])
            : $type eq 'TXT' ? (txtdata => $value)
            : $type eq 'PTR' ? (ptrdname => $value)
            : (address => $value);
        $packet->push(answer => Net::DNS::RR->new(name => $name, type => $type, ttl => 60, %data));
    }
    return $packet;
}

package main;

my $resolver = Resolver->new;
my $server = Mail::SPF::Server->new(dns_resolver => $resolver, hostname => 'mx.receiver.test');
my $json = JSON::PP->new->canonical;
$| = 1;

while (my $line = <STDIN>) {
    my $case = decode_json($line);
    $resolver->{world} = $case->{world};
    my $answer = eval {
        my $identity = $case->{mail_from} eq '' ? $case->{helo} : $case->{mail_from};
        my $request = Mail::SPF::Request->new(
            versions => [1],
            scope => $case->{mail_from} eq '' ? 'helo' : 'mfrom',
            identity => $identity,
            ip_address => $case->{ip},
            helo_identity => $case->{helo},
        );
        my $result = $server->process($request);
        { result => $result->code, why => '' . $result->text };
    } || { result => 'exception', why => "$@" };
    print $json->encode({ id => $case->{id}, %$answer }), "\n";
}
