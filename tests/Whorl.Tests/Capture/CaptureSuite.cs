using System.Net;
using System.Text.Json;
using Whorl.Tests.Support;

namespace Whorl.Tests.Capture;

/// <summary>Every public and every generated capture against what other programs found in it: the same questions to the engine's events and to the verb's output.</summary>
public abstract class CaptureSuite
{
    protected const string SignatureFile = "/etc/p0f/p0f.fp";

    /// <summary>What is expected of a file and rightly not told, or told and rightly not expected, by a part of the file's name and of the expected line, with the reason.</summary>
    private static readonly (string File, string Line, string Reason)[] Explained =
    [
        ("foxio--http2-with-cookies", "x509", "encrypted: tshark has the keys, which lie in the file"),
        ("ndpi--doq", "x509", "encrypted: tshark has the keys, which lie in the file"),
        ("ndpi--quic-33", "x509", "encrypted: tshark has the keys, which lie in the file"),
        ("ndpi--rdp2", "hello", "TLS inside the own UDP transport of RDP"),
        ("zeek--http--methods", " OPTIONS HTTP/1.1 ", "the request line has no target"),
        ("zeek--http--methods", " OPTIONS   ", "the request line has no version"),
        ("zeek--http--methods", " / HTTP/1. ", "a version that HTTP does not have"),
        ("zeek--http--methods", " /HTTP/1.1 ", "no space between target and version"),
        ("zeek--http--no-uri", " GET HTTP/1.1 ", "the request line has no target"),
        ("zeek--http--connect-with-smtp", " CONNECT ", "a header line without a colon after a name"),
        ("zeek--mixed-vlan-mpls", " GET /  ", "HTTP/0.9"),
        ("ndpi--quic-forcing-vn", "q13i0307h3_55b375c5d22e_e7bc1e4f333e", "the first hello, in a version the server refuses; the listing has the second"),
        ("zeek--http-261--variant", " POST\u001fGET ", "two requests of one frame, which the listing runs together"),
    ];

    private static readonly Dictionary<(Type, string), HashSet<string>> Told = [];

    /// <summary>What this suite looks at says of a file, in the words of the expected values.</summary>
    protected abstract IEnumerable<string> Read(string path);

    /// <summary>A key exchange as <see cref="Read"/> writes it.</summary>
    protected virtual string DescribeKex(JsonElement record) => $"kex {Ends(record)} {Text(record, "md5_as_client")} {Text(record, "md5_as_server")} {Text(record, "host_key_algorithms")}";

    /// <summary>A request as <see cref="Read"/> writes it.</summary>
    protected virtual string DescribeRequest(JsonElement record) =>
        $"http {Ends(record)} {Text(record, "method")} {Text(record, "uri")} {Text(record, "version")} {string.Join(',', record.GetProperty("header_names").EnumerateArray().Select(name => name.GetString()))}";

    [Theory]
    [InlineData("tls", 634)]
    [InlineData("dtls", 43)]
    [InlineData("quic", 209)]
    public void Client_hellos_have_the_expected_fingerprints(string transport, int count) => Compare(
        record => Type(record) == "tls_client_hello" && Text(record, "transport") == transport,
        record => $"hello {transport} {Ends(record)} {Text(record, "ja3_full")} {Text(record, "ja3")} {Text(record, "ja4")} {Text(record, "ja4_r")} {Text(record, "ja4_o")} {Text(record, "ja4_ro")} {Text(record, "sni")}",
        count);

    [Theory]
    [InlineData("tls", 399)]
    [InlineData("dtls", 21)]
    [InlineData("quic", 52)]
    public void Answers_have_the_expected_fingerprints(string transport, int count) => Compare(
        record => Type(record) == "tls_server_hello" && Text(record, "transport") == transport,
        record => $"answer {transport} {Ends(record)} {Text(record, "ja3s_full")} {Text(record, "ja3s")} {record.GetProperty("hrr").GetBoolean()}",
        count);

    [Fact]
    public void Certificates_have_the_expected_hashes() => Compare(
        record => Type(record) == "x509",
        record => $"x509 {Ends(record)} {Number(record, "index")} {Text(record, "sha256")}",
        428);

    [Fact]
    public void Ssh_banners_are_those_expected() => Compare(
        record => Type(record) == "ssh_banner", record => $"banner {Ends(record)} {Text(record, "banner")}", 43);

    [Fact]
    public void Ssh_key_exchanges_have_the_expected_fingerprints() => Compare(
        record => Type(record) == "ssh_kexinit",
        DescribeKex,
        42);

    [Fact]
    public void Http_requests_are_those_expected() => Compare(
        record => Type(record) == "http_request",
        DescribeRequest,
        256);

    [Fact]
    public void Openings_are_those_expected() => Compare(
        record => Type(record) is "tcp_syn" or "tcp_synack",
        record => $"stack {Ends(record)} {(Type(record) == "tcp_syn" ? "syn" : "syn+ack")} {Number(record, "ttl")} {Number(record, "win")} {(record.TryGetProperty("mss", out JsonElement mss) && mss.ValueKind == JsonValueKind.Number ? mss.GetInt32() : 0)}",
        1527);

    [Fact]
    public void Stacks_are_labelled_as_p0f_labels_them()
    {
        Assert.SkipUnless(File.Exists(SignatureFile), "the signature file of p0f is not installed");
        Compare(
            record => Type(record) == "p0f" && Text(record, "mod") is "syn" or "syn+ack" or "mtu",
            record => $"p0f {IPAddress.Parse(Text(record, "cli"))}:{Number(record, "cport")} > {IPAddress.Parse(Text(record, "srv"))}:{Number(record, "svport")} {Text(record, "mod")} {Text(record, "subj")} "
                + (Text(record, "mod") == "mtu" ? $"{Text(record, "raw_mtu")} {Text(record, "link")}" : $"{(record.TryGetProperty("os", out _) ? Text(record, "os") : Text(record, "app"))} {Text(record, "dist").Replace("<= ", "", StringComparison.Ordinal)} {Text(record, "raw_sig")}"),
            2520);
    }

    private void Compare(Func<JsonElement, bool> wanted, Func<JsonElement, string> describe, int count)
    {
        string folder = Repository.RequireShared("fingerprints");
        int compared = 0;
        List<string> missing = [];
        Dictionary<string, (HashSet<string> Lines, HashSet<string> Keys)> wantedOf = new(StringComparer.Ordinal);
        foreach (string line in File.ReadLines(Path.Combine(folder, "expected.jsonl"))
            .Concat(File.ReadLines(Path.Combine(folder, "synthetic", "syn-truth.jsonl")))
            .Concat(File.ReadLines(Path.Combine(folder, "synthetic", "p0f.jsonl"))))
        {
            using JsonDocument document = JsonDocument.Parse(line);
            JsonElement record = document.RootElement;
            if (!wanted(record))
            {
                continue;
            }

            compared++;
            string file = Text(record, "file");
            string path = Path.Combine(folder, file.StartsWith("pcap/", StringComparison.Ordinal) ? "" : "synthetic", file);
            string expected = describe(record);
            wantedOf.TryAdd(path, ([], []));
            wantedOf[path].Lines.Add(expected);
            wantedOf[path].Keys.Add(KeyOf(expected));
            if (!ToldOf(path).Contains(expected) && !Array.Exists(Explained, known => file.Contains(known.File, StringComparison.Ordinal) && expected.Contains(known.Line, StringComparison.Ordinal)))
            {
                missing.Add($"{file} {(record.TryGetProperty("frame", out JsonElement frame) ? frame : "")} {expected}");
            }
        }

        // Where another program saw something in a conversation, nothing else of that kind is told of it. The listings of requests and of p0f are not complete.
        IEnumerable<string> wrong = wantedOf.SelectMany(file => ToldOf(file.Key)
            .Where(line => !line.StartsWith("http ", StringComparison.Ordinal) && !line.StartsWith("p0f ", StringComparison.Ordinal) && file.Value.Keys.Contains(KeyOf(line)) && !file.Value.Lines.Contains(line))
            .Where(line => !Array.Exists(Explained, known => file.Key.Contains(known.File, StringComparison.Ordinal) && line.Contains(known.Line, StringComparison.Ordinal)))
            .Select(line => $"{Path.GetFileName(file.Key)} {line}"));
        wrong.ShouldBeEmpty();
        missing.ShouldBeEmpty($"{missing.Count} of {compared}\n" + string.Join('\n', missing));
        compared.ShouldBe(count);
    }

    private HashSet<string> ToldOf(string path)
    {
        lock (Told)
        {
            if (!Told.TryGetValue((GetType(), path), out HashSet<string>? lines))
            {
                Told.Add((GetType(), path), lines = [.. Read(path)]);
            }

            return lines;
        }
    }

    /// <summary>Kind, ends and, where one packet or message among several is meant, which.</summary>
    private static string KeyOf(string line)
    {
        string[] words = line.Split(' ');
        return string.Join(' ', words.Take(Array.IndexOf(words, ">") + (words[0] is "x509" or "stack" ? 3 : 2)));
    }

    protected static string Type(JsonElement record) => Text(record, "type");

    protected static string Text(JsonElement record, string name) => record.TryGetProperty(name, out JsonElement value) ? value.GetString() ?? "" : "";

    protected static int Number(JsonElement record, string name) => record.GetProperty(name).GetInt32();

    protected static string Ends(JsonElement record) =>
        $"{IPAddress.Parse(Text(record, "src"))}:{Number(record, "sport")} > {IPAddress.Parse(Text(record, "dst"))}:{Number(record, "dport")}";
}
