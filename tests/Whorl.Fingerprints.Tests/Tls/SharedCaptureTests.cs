using System.Text.Json;
using Whorl.Fingerprints.Tls;
using Whorl.Tests.Support;

namespace Whorl.Fingerprints.Tests.Tls;

/// <summary>
/// Public captures with values that tshark and other code found in them (MANIFEST.md beside them).
/// </summary>
public sealed class SharedCaptureTests
{
    private static readonly Lazy<Dictionary<string, List<string>>> Found = new(static () => []);

    // What the small capture reader of this test cannot reach.
    private static readonly string[] Unreached =
    [
        // Tunnels, IP fragments and links that it does not know.
        "ndpi--6in4tunnel", "zeek--tunnels--geneve", "arkime--pppoe", "syn-ipfrag", "syn-link-radiotap", "syn-enc-vxlan", "syn-enc-vlan-mpls",
        "syn-enc-pppoe", "syn-enc-mpls", "syn-enc-ip", "syn-enc-gtpu", "syn-enc-gre", "syn-enc-geneve", "ndpi--dtls.pcap",

        // TLS inside RDP's own UDP transport; a certificate in a stream cut before its hello.
        "ndpi--rdp2", "ndpi--riot",

        // Certificates that tshark decrypted with keys inside the capture.
        "foxio--http2-with-cookies", "ndpi--quic-33", "ndpi--doq",
    ];

    [Fact]
    public void Client_hellos_over_tcp_have_the_expected_fingerprints() => Compare("tls_client_hello", "tls", 598);

    [Fact]
    public void Server_hellos_over_tcp_have_the_expected_fingerprints() => Compare("tls_server_hello", "tls", 395);

    [Fact]
    public void Client_hellos_over_dtls_have_the_expected_fingerprints() => Compare("tls_client_hello", "dtls", 41);

    [Fact]
    public void Server_hellos_over_dtls_have_the_expected_fingerprints() => Compare("tls_server_hello", "dtls", 21);

    [Fact]
    public void Certificates_have_the_expected_hashes() => Compare("x509", null, 408);

    private static void Compare(string type, string? transport, int expectedRight)
    {
        string folder = Repository.RequireShared("fingerprints");
        int right = 0;
        List<string> missing = [];
        foreach (string line in File.ReadLines(Path.Combine(folder, "expected.jsonl")).Concat(File.ReadLines(Path.Combine(folder, "synthetic", "syn-truth.jsonl"))))
        {
            using JsonDocument document = JsonDocument.Parse(line);
            JsonElement row = document.RootElement;
            if (row.GetProperty("type").GetString() != type || (transport is not null && row.GetProperty("transport").GetString() != transport))
            {
                continue;
            }

            string file = row.GetProperty("file").GetString()!;
            string path = Path.Combine(folder, file.StartsWith("pcap/", StringComparison.Ordinal) ? "" : "synthetic", file);
            List<string> found;
            lock (Found)
            {
                if (!Found.Value.TryGetValue(path, out found!))
                {
                    Found.Value[path] = found = Read(path);
                }
            }

            string expected = type switch
            {
                "tls_client_hello" => $"{Ends(row)} {Text(row, "ja3_full")} {Text(row, "ja3")} {Text(row, "ja4")} {Text(row, "ja4_r")} {Text(row, "ja4_o")} {Text(row, "ja4_ro")} {Text(row, "sni")}",
                "tls_server_hello" => $"{Ends(row)} {Text(row, "ja3s_full")} {Text(row, "ja3s")} {row.GetProperty("hrr").GetBoolean()}",
                _ => $"{Ends(row)} {row.GetProperty("index").GetInt32()} {Text(row, "sha256")}",
            };
            if (found.Contains(expected))
            {
                right++;
            }
            else if (!Array.Exists(Unreached, u => file.Contains(u, StringComparison.Ordinal)))
            {
                missing.Add($"{file} {expected}");
            }
        }

        missing.ShouldBeEmpty();
        right.ShouldBe(expectedRight);
    }

    private static string Text(JsonElement row, string name) => row.GetProperty(name).GetString() ?? "";

    private static string Ends(JsonElement row) => $"{Text(row, "src")}|{row.GetProperty("sport").GetInt32()}>{Text(row, "dst")}|{row.GetProperty("dport").GetInt32()}";

    private static List<string> Read(string path)
    {
        List<string> found = [];
        foreach (Flow flow in CaptureFile.Flows(path))
        {
            if (flow.IsUdp)
            {
                DtlsReader reader = new();
                flow.Pieces.ForEach(p => reader.Push(p.Bytes));
                Tell(flow, reader.Messages, Ja4Transport.Dtls, found);
                continue;
            }

            byte[] stream = flow.Stream();
            for (int at = 0; at + 6 < stream.Length; at++)
            {
                // Behind STARTTLS and proxies a handshake begins anywhere.
                if (stream[at] == 22 && stream[at + 1] == 3 && stream[at + 2] <= 4 && stream[at + 5] is 1 or 2)
                {
                    TlsStreamReader reader = new();
                    _ = reader.Push(stream.AsSpan(at));
                    if (Tell(flow, reader.Messages, Ja4Transport.Tcp, found))
                    {
                        break;
                    }
                }
            }
        }

        return found;
    }

    private static bool Tell(Flow flow, HandshakeMessages messages, Ja4Transport transport, List<string> found)
    {
        string ends = $"{flow.Source}>{flow.Target}";
        foreach (ClientHello hello in messages.ClientHellos)
        {
            Ja4Forms ja4 = Ja4.Of(hello, transport);
            found.Add($"{ends} {Ja3.Text(hello)} {Ja3.Hash(hello)} {ja4.Value} {ja4.Raw} {ja4.Original} {ja4.OriginalRaw} {hello.ServerName}");
        }

        foreach (ServerHello hello in messages.ServerHellos)
        {
            found.Add($"{ends} {Ja3S.Text(hello)} {Ja3S.Hash(hello)} {hello.IsHelloRetryRequest}");
        }

        for (int i = 0; i < (messages.Certificates?.Certificates.Count ?? 0); i++)
        {
            found.Add($"{ends} {i} {Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData(messages.Certificates!.Certificates[i].Span))}");
        }

        return messages.ClientHellos.Count + messages.ServerHellos.Count > 0;
    }
}
