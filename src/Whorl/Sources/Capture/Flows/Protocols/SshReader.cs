using Whorl.Fingerprints.Ssh;
using Whorl.Fingerprints.Wire;
using Whorl.Sources.Capture.Flows.Streams;
using Whorl.Sources.Capture.Flows.Tables;

namespace Whorl.Sources.Capture.Flows.Protocols;

/// <summary>Banner and key exchange of either side of an SSH connection.</summary>
internal sealed class SshReader(ConversationTable conversations, Openings openings, IFlowEvents events, EngineCounters counters)
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

        SshOpening opening = Remember(index);
        if (forward)
        {
            opening.Forward = banner!.Text;
        }
        else
        {
            opening.Backward = banner!.Text;
        }

        openings.Recount(index, opening);
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

        SshOpening? opening = conversation.Memory as SshOpening;
        string? text = forward ? opening?.Forward : opening?.Backward;
        counters.SshKexInits++;
        Sighting at = conversations.At(index, forward, time);
        events.SshKex(at, IsServer(conversation, forward, at), kex!, text);
        if (opening is not null && (forward ? opening.Backward : opening.Forward) is null or "")
        {
            openings.Remove(index);
        }
        else if (opening is not null)
        {
            // This side's is not asked for again.
            (opening.Forward, opening.Backward) = forward ? ("", opening.Backward) : (opening.Forward, "");
        }

        return kex!.Length;
    }

    // Where the beginning was not seen, the well-known port decides, then the smaller one.
    private static bool IsServer(in Conversation conversation, bool forward, in Sighting at) =>
        conversation.Is(ConversationState.RolesKnown) ? forward == conversation.Is(ConversationState.Reversed)
        : at.SourcePort == Port || (at.DestinationPort != Port && at.SourcePort < at.DestinationPort);

    private SshOpening Remember(int index)
    {
        if (conversations[index].Memory is not SshOpening opening)
        {
            opening = new SshOpening();
            openings.Add(index, opening);
        }

        return opening;
    }
}
