using Whorl.Fingerprints.Ssh;
using Whorl.Fingerprints.Wire;
using Whorl.Sources.Capture.Flows.Streams;
using Whorl.Sources.Capture.Flows.Tables;

namespace Whorl.Sources.Capture.Flows.Protocols;

/// <summary>Banner and key exchange of either side of an SSH connection.</summary>
internal sealed class SshReader(ConversationTable conversations, IFlowEvents events, EngineCounters counters)
{
    private const ushort Port = 22;

    public int ReadBanner(int index, bool forward, long time, ReadOnlySpan<byte> bytes)
    {
        ref Conversation conversation = ref conversations[index];
        ref HalfStream half = ref forward ? ref conversation.Forward : ref conversation.Backward;
        switch (Fingerprints.Ssh.SshBanner.TryParse(bytes, out SshBanner? banner, allowLead: false))
        {
            case ParseStatus.NeedMore:
                half.Need = bytes.Length + 1;
                return 0;
            case ParseStatus.Malformed:
                counters.BrokenMessages++;
                half.Protocol = StreamProtocol.Over;
                return 0;
            default:
                break;
        }

        Banners banners = conversation.Memory as Banners ?? new Banners();
        conversation.Memory = banners;
        (forward ? ref banners.Forward : ref banners.Backward) = banner!.Text;
        half.Protocol = banner.SpeaksVersion2 ? StreamProtocol.SshKex : StreamProtocol.Over;
        half.Need = 0;
        counters.SshBanners++;
        Sighting at = conversations.At(index, forward, time);
        events.SshBanner(at, IsServer(conversation, forward, at), banner);
        return banner.Length;
    }

    public int ReadKex(int index, bool forward, long time, ReadOnlySpan<byte> bytes)
    {
        ref Conversation conversation = ref conversations[index];
        ref HalfStream half = ref forward ? ref conversation.Forward : ref conversation.Backward;
        ParseStatus status = KexInit.TryParse(bytes, out KexInit? kex);
        if (status == ParseStatus.NeedMore)
        {
            half.Need = bytes.Length + 1;
            return 0;
        }

        half.Protocol = StreamProtocol.Over;
        if (status == ParseStatus.Malformed)
        {
            counters.BrokenMessages++;
            return 0;
        }

        Banners? banners = conversation.Memory as Banners;
        counters.SshKexInits++;
        Sighting at = conversations.At(index, forward, time);
        events.SshKex(at, IsServer(conversation, forward, at), kex!, forward ? banners?.Forward : banners?.Backward);
        return kex!.Length;
    }

    // Where the beginning was not seen, the well-known port decides, then the smaller one.
    private static bool IsServer(in Conversation conversation, bool forward, in Sighting at) =>
        conversation.Is(ConversationState.RolesKnown) ? forward == conversation.Is(ConversationState.Reversed)
        : at.SourcePort == Port || (at.DestinationPort != Port && at.SourcePort < at.DestinationPort);

    private sealed class Banners
    {
        public string? Forward;
        public string? Backward;
    }
}
