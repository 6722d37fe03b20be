using System.Net.Security;
using System.Security.Authentication;
using System.Security.Cryptography;
using Whorl.Fingerprints.Jarm;
using Whorl.Fingerprints.Tls;
using Whorl.Fingerprints.Wire;
using Whorl.Kernel;
using Whorl.Kernel.Certificates;
using Whorl.Kernel.Writing;
using Whorl.Sources.Probes.Asking;

namespace Whorl.Sources.Probes.Protocols.Tls;

/// <summary>
/// The certificates of a TLS server. Up to TLS 1.2 they come in clear, so a hello is enough, whatever old version or cipher the server insists on and
/// whatever this machine's OpenSSL would refuse. A server of TLS 1.3 alone is given a real handshake, whose certificate nobody vouches for.
/// </summary>
internal sealed class CertificateProbe : IProbe
{
    // The hello of JARM that offers every suite, up to TLS 1.2.
    private const int PlainHello = 0;

    // Certificates of a chain that are told; real chains have up to six.
    private const int MaxTold = 16;

    private const int BufferLength = 16 * 1024;

    public ProbeName Name => ProbeName.Certificate;

    public async Task<ProbeResult> AskAsync(ProbeTarget target, ProbeBudget budget, CancellationToken cancel)
    {
        using (await budget.TakeTurnAsync(1))
        {
            if (await PlainAsync(target, budget) is { } plain)
            {
                return plain;
            }
        }

        using ProbeBudget.Turn turn = await budget.TakeTurnAsync(1);
        return await HandshakeAsync(target, budget);
    }

    private static async Task<ProbeResult?> PlainAsync(ProbeTarget target, ProbeBudget budget)
    {
        using ProbeConnection connection = await budget.ConnectAsync(target.Address, target.Port);
        byte[] buffer = new byte[BufferLength];
        int length = JarmProbes.Write(PlainHello, target.Host, RandomNumberGenerator.Fill, buffer);
        TlsStreamReader reader = new();
        try
        {
            await connection.SendAsync(buffer.AsMemory(0, length));
            int count;
            while (reader.Messages.Certificates is null && (count = await connection.ReceiveAsync(buffer)) > 0 && reader.Push(buffer.AsSpan(0, count)) == ParseStatus.NeedMore)
            {
            }
        }
        catch (Exception fault) when (Asker.FailureOf(fault) == ProbeFailure.ClosedEarly)
        {
            // Some close without a word where they do not like a hello.
        }

        if (reader.Messages.Certificates is not { Certificates.Count: > 0 } chain || reader.Messages.ServerHellos is not [.., ServerHello hello])
        {
            return budget.Exceeded ? ProbeFailure.TooLarge : null;
        }

        return Told([.. chain.Certificates], VersionText(hello.Version), hello.CipherSuite);
    }

    private static async Task<ProbeResult> HandshakeAsync(ProbeTarget target, ProbeBudget budget)
    {
        using ProbeConnection connection = await budget.ConnectAsync(target.Address, target.Port);
        List<ReadOnlyMemory<byte>> chain = [];
        await using SslStream tls = new(connection.AsStream());
        await tls.AuthenticateAsClientAsync(AnyCertificate.ClientOptions(target.Host, chain), budget.Deadline);
        return chain.Count == 0
            ? ProbeFailure.NotThisProtocol
            : Told(chain, tls.SslProtocol == SslProtocols.Tls13 ? "1.3" : "1.2", (ushort)tls.NegotiatedCipherSuite);
    }

    private static ProbeResult Told(List<ReadOnlyMemory<byte>> chain, string version, ushort cipher)
    {
        List<Finding> findings = [];
        for (int i = 0; i < Math.Min(chain.Count, MaxTold); i++)
        {
            Attributes attributes = new Attributes()
                .Text("tls.chosen_version", version)
                .Text("tls.cipher", $"{cipher:x4}")
                .Number("certificate.index", i)
                .Number("certificate.chain", chain.Count);
            Describe(CertificateFacts.Read(chain[i].Span), attributes);
            findings.Add(new(ProbeKinds.Certificate, attributes));
        }

        return ProbeResult.Of(findings);
    }

    private static void Describe(CertificateFacts facts, Attributes attributes)
    {
        attributes.Text("certificate.sha256", facts.Sha256)
            .Text("certificate.fault", facts.Fault)
            .Text("certificate.spki_sha256", facts.SpkiSha256)
            .Text("certificate.subject", facts.Subject, HostileText.MaxLine)
            .Text("certificate.subject_cn", facts.SubjectCn)
            .Text("certificate.issuer", facts.Issuer, HostileText.MaxLine)
            .Text("certificate.sans", string.Join(',', facts.Sans), HostileText.MaxList)
            .Text("certificate.not_before", facts.NotBefore)
            .Text("certificate.not_after", facts.NotAfter)
            .Text("certificate.serial", facts.Serial)
            .Text("certificate.signature", facts.Signature)
            .Text("certificate.key", facts.Key);
        if (facts.KeyBits is { } bits)
        {
            attributes.Number("certificate.key_bits", bits);
        }

        attributes.Flag("certificate.self_signed", facts.SelfSigned);
    }

    private static string VersionText(ushort version) => version switch
    {
        0x0300 => "ssl3.0",
        0x0301 => "1.0",
        0x0302 => "1.1",
        0x0303 => "1.2",
        0x0304 => "1.3",
        _ => $"{version:x4}",
    };
}
