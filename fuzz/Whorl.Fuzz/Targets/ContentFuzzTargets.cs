using System.Text;
using Whorl.Fingerprints.Fuzzy;
using Whorl.Fingerprints.Jarm;
using Whorl.Fingerprints.Matching;
using Whorl.Fingerprints.Ssh;
using Whorl.Fingerprints.Wire;

namespace Whorl.Fuzz.Targets;

/// <summary>Targets of Whorl.Fingerprints/Ssh, Jarm, Fuzzy and Matching.</summary>
internal static class ContentFuzzTargets
{
    public static IReadOnlyList<FuzzTarget> All { get; } =
    [
        new("ssh-opening", SshOpening, static () => SeedFiles.Hex("ssh-exchanges.jsonl", "bytes")),
        new("ssh-host-key", SshHostKey, static () => [Convert.FromHexString("0000000C0402000000000070616421" + "00000018041F0000000700000003726162000000000000000070616421")]),
        new("jarm-answer", JarmReply, static () => SeedFiles.Hex("jarm-answers.jsonl", "hex")),
        new("fuzzy-hash", Hash, static () => ["\0\0\0\0\0\0\0\0"u8.ToArray(), "The quick brown fox jumps over the lazy dog, and once more over the lazy dog."u8.ToArray()]),
        new("fuzzy-compare", Compare, static () => Digests.Select(Encoding.Latin1.GetBytes)),
        new("signature-list", List, static () => ["# ja3_md5,Firstseen,Lastseen,Listingreason\r\n6734f37431670b3ab4292b8f60f29984,a,b,\"c \"\"d\"\"\"\n6734*,x\n"u8.ToArray()]),
    ];

    private static string[] Digests =>
    [
        "768:vGr8/dcPMnb6nqNuPPUGkE7SW32AYhz6i1zQi2DqHcdkYKQV2:vyL4uPPUGklWGAmzx1zQi22HchKT\n1536:vyL4uPPUGklWGAmzx1zQi22HchKFEegZnZ43:vruPPUG1hyT8i22HhYZnZ4",
        "T105037D1695D4157B28376BEC35605F7AF1939AF9BB03AC5096E03BCA8640CB8ED16382\n05037D1695D4157B28376BEC35605F7AF1939AF9BB03AC5096E03BCA8640CB8ED16382",
    ];

    private static int SshOpening(ReadOnlySpan<byte> input)
    {
        ParseStatus status = SshBanner.TryParse(input, out SshBanner? banner);
        if (banner is null)
        {
            return (int)status;
        }

        ParseStatus kexStatus = KexInit.TryParse(input[banner.Length..], out KexInit? kexInit);
        return kexInit is null
            ? HashCode.Combine(kexStatus, banner.LeadLines, banner.Protocol.Length)
            : HashCode.Combine(Hassh.Hash(kexInit).Length, HasshServer.Hash(kexInit).Length, kexInit.HostKeyAlgorithms.Length, kexInit.FirstPacketFollows);
    }

    private static int SshHostKey(ReadOnlySpan<byte> input)
    {
        ParseStatus status = HostKey.TryParse(input, out HostKey? key);
        return key is null ? (int)status : HashCode.Combine(key.Type.Length, key.Blob.Length, key.Sha256().Length);
    }

    private static int JarmReply(ReadOnlySpan<byte> input)
    {
        string text = JarmAnswer.Text(input);
        return JarmHash.Compute(Enumerable.Repeat(text, JarmProbes.Count)).Length + text.Length;
    }

    /// <summary>One-shot and streaming must agree; where they do not, this throws and the run fails.</summary>
    private static int Hash(ReadOnlySpan<byte> input)
    {
        SsdeepHasher ssdeep = new();
        TlshHasher tlsh = new();
        int split = input.IsEmpty ? 0 : input[0] % input.Length;
        ssdeep.Append(input[..split]);
        ssdeep.Append(input[split..]);
        tlsh.Append(input[..split]);
        tlsh.Append(input[split..]);
        string digest = ssdeep.Digest();
        if (digest != Ssdeep.Hash(input) || tlsh.Digest() != Tlsh.Hash(input) || (digest.Length > 3 && Ssdeep.Compare(digest, digest) != 100))
        {
            throw new InvalidOperationException("streaming and one-shot differ");
        }

        return HashCode.Combine(digest.Length, tlsh.Digest().Length, Favicon.Hash(input) & 1);
    }

    private static int Compare(ReadOnlySpan<byte> input)
    {
        string text = Encoding.Latin1.GetString(input);
        int line = Math.Max(0, text.IndexOf('\n', StringComparison.Ordinal));
        return HashCode.Combine(Ssdeep.Compare(text.AsSpan(0, line), text.AsSpan(line)), Tlsh.Distance(text.AsSpan(0, line), text.AsSpan(Math.Min(line + 1, text.Length))));
    }

    private static int List(ReadOnlySpan<byte> input)
    {
        FingerprintKind kind = (FingerprintKind)(input.IsEmpty ? 0 : input[^1] % 13);
        SignatureCsv list = SignatureCsv.Parse(Encoding.UTF8.GetString(input), kind, "fuzz");
        SignatureSet set = new(list.Signatures);
        int matches = list.Signatures.Sum(signature => set.Match(kind, signature.Value).Count);
        return HashCode.Combine(list.Signatures.Count, list.BadLines, matches);
    }
}
