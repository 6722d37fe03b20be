using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Whorl.Fingerprints.Wire;
using Whorl.Kernel.Certificates;
using Whorl.Sources.Probes.Protocols.Http;
using Whorl.Sources.Probes.Protocols.Packets;
using Whorl.Sources.Probes.Targets;

namespace Whorl.Fuzz.Targets;

/// <summary>Targets of what peers answer to probes, and of the logs that are followed.</summary>
internal static class ProbeFuzzTargets
{
    public static IReadOnlyList<FuzzTarget> All { get; } =
    [
        new("probe-http", ReadHttp, static () =>
        [
            "HTTP/1.1 103 Early Hints\r\n\r\nHTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5;x\r\nhello\r\n0\r\n\r\n"u8.ToArray(),
            "HTTP/1.0 404 Not Found\nContent-Length: 30\n\n<TITLE lang=en>a &amp; b</title>"u8.ToArray(),
        ]),
        new("probe-syn", ReadSyn, static () => [Convert.FromHexString("4500003C00004000390600000A0000020A00000101BBEE4801020304DEADBEF0A012FE8800000000020405B40402080A0000000100000001" + "01030307")]),
        new("probe-icmp", ReadIcmp, static () => [Convert.FromHexString("45000038000000004001000001020304050607080303000000000000" + "4500003C00000000401100000506070801020304EE48829B00280000")]),
        new("probe-certificate", ReadCertificate, static () => [SelfSigned()]),
        new("probe-log", ReadLog, static () => ["{\"a\":{\"b.c\":{\"ip\":\"192.0.2.1\"}},\"a.b\":1}"u8.ToArray()]),
    ];

    private static byte[] SelfSigned()
    {
        using ECDsa key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        CertificateRequest request = new("CN=a.example, O=b", key, HashAlgorithmName.SHA256);
        SubjectAlternativeNameBuilder names = new();
        names.AddDnsName("a.example");
        names.AddIpAddress(System.Net.IPAddress.Loopback);
        request.CertificateExtensions.Add(names.Build());
        using X509Certificate2 certificate = request.CreateSelfSigned(DateTimeOffset.UnixEpoch, DateTimeOffset.UnixEpoch.AddYears(90));
        return certificate.RawData;
    }

    private static int ReadHttp(ReadOnlySpan<byte> input)
    {
        ParseStatus status = HttpAnswer.TryParse(input, out HttpAnswer? answer);
        return answer is null
            ? HashCode.Combine(status, HtmlTitle.Find(input)?.Length)
            : HashCode.Combine(answer.Status / 100, answer.IsChunked, answer.ContentLength is null, answer.Body(input).Length, answer.IsWhole(input), answer.FieldOrder.Length);
    }

    private static int ReadSyn(ReadOnlySpan<byte> input) => SynPacket.TryRead(input, out SynAnswer answer) ? HashCode.Combine(answer.Stack?.StackSignature.Length, answer.Source.IsV4) : 0;

    private static int ReadIcmp(ReadOnlySpan<byte> input) =>
        IcmpError.TryReadV4(input, out IcmpError v4) ? HashCode.Combine(v4.Type, v4.Protocol, v4.Port != 0) : IcmpError.TryReadV6(input, out IcmpError v6) ? HashCode.Combine(v6.Type, v6.Protocol == 17, 6) : 0;

    private static int ReadCertificate(ReadOnlySpan<byte> input) => CertificateFacts.Read(input) is { Fault: null } facts ? HashCode.Combine(facts.Key, facts.Sans.Count) : 0;

    private static int ReadLog(ReadOnlySpan<byte> input) => LogTail.AddressIn(input.ToArray(), "a.b.c.ip") is { } address ? address.IsV4 ? 1 : 2 : 0;
}
