using System.Text.Json;
using Whorl.Analysis.Identities;
using Whorl.Kernel;

namespace Whorl.Tests.Identities;

public sealed class AddressFactTests
{
    [Theory]
    [InlineData("auth.attempt", """{"source.ip":"203.0.113.9","decoy":"bastion","auth.user":"root"}""", "decoy=bastion")]
    [InlineData("tls.client_hello", """{"source.ip":"203.0.113.9","decoy":"web","tls.ja4":"t13"}""", "decoy=web tls.ja4=t13")]
    [InlineData("probe.jarm", """{"target.ip":"203.0.113.9","tls.jarm":"22b"}""", "tls.jarm=22b")]
    [InlineData("signature.matched", """{"source.ip":"203.0.113.9","signature.label":"trickbot"}""", "label=trickbot")]
    [InlineData("probe.certificate", """{"target.ip":"203.0.113.9","certificate.index":1,"certificate.sha256":"issuer"}""", "")]
    [InlineData("probe.failed", """{"target.ip":"203.0.113.9","probe.failure":"refused"}""", "")]
    [InlineData("tls.client_hello", """{"source.ip":"203.0.113.9","tls.ja4":"t13"}""", "")]
    [InlineData("tcp.synack", """{"source.ip":"203.0.113.9","decoy":"web","tcp.stack":"our own"}""", "")]
    [InlineData("ssh.kex", """{"source.ip":"203.0.113.9","decoy":"web","ssh.side":"server","ssh.hassh_server":"our own"}""", "")]
    [InlineData("http.request", """{"source.ip":"nonsense","decoy":"web"}""", "")]
    public void Only_what_an_attacker_shows_is_kept(string kind, string attributes, string facts)
    {
        Observation seen = new(ObservationId.New(TimeProvider.System), kind, TimeProvider.System.GetUtcNow(), "node", new Subject("ip:203.0.113.9"), JsonDocument.Parse(attributes).RootElement);

        string.Join(' ', AddressFact.In(seen).Select(fact => $"{fact.Kind}={fact.Value}")).ShouldBe(facts);
    }

    [Fact]
    public void Every_mark_is_an_attribute_that_some_source_tells() =>
        AddressFact.Marks.ShouldBeSubsetOf(ObservationKinds.Fields.Select(field => field.Name));
}
