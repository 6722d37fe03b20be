using Whorl.Fingerprints.Tls;
using Whorl.Fingerprints.Wire;
using Whorl.Sources.Capture.Flows.Tables;

namespace Whorl.Sources.Capture.Flows.Protocols;

/// <summary>Hellos and answers in the Initial packets of QUIC conversations. Its methods give true when there is no more to come.</summary>
internal sealed class QuicReader(ConversationTable conversations, Openings openings, IFlowEvents events, EngineCounters counters)
{
    public bool Begin(int index, bool forward, long time, ReadOnlySpan<byte> datagram)
    {
        QuicOpening opening = new() { ClientIsInitiator = forward };
        if (opening.Handshake.AddFromClient(datagram) == ParseStatus.Malformed)
        {
            return ++conversations[index].Forward.Strange > 8;
        }

        openings.Add(index, opening);
        conversations.LearnRoles(index, speakerBegan: forward);
        TellHellos(index, opening, time);
        openings.Recount(index, opening);
        return false;
    }

    public bool Read(int index, QuicOpening opening, bool forward, long time, ReadOnlySpan<byte> datagram)
    {
        // Short headers: the handshake is over, or soon will be.
        if ((datagram[0] & 0x80) == 0)
        {
            return false;
        }

        bool over = false;
        if (forward == opening.ClientIsInitiator)
        {
            _ = opening.Handshake.AddFromClient(datagram);
            TellHellos(index, opening, time);
        }
        else
        {
            _ = opening.Handshake.AddFromServer(datagram);
            over = TellAnswers(index, opening, time);
        }

        openings.Recount(index, opening);
        if (over)
        {
            openings.Remove(index);
        }

        return over;
    }

    private void TellHellos(int index, QuicOpening opening, long time)
    {
        IReadOnlyList<ReadOnlyMemory<byte>> messages = opening.Handshake.ClientMessages;
        if (opening.ClientMessages != messages)
        {
            opening.ClientMessages = messages; // a client that was turned away begins anew
            opening.ClientTold = 0;
        }

        for (; opening.ClientTold < messages.Count; opening.ClientTold++)
        {
            if (ClientHello.TryParse(messages[opening.ClientTold].Span, out ClientHello? hello) == ParseStatus.Done)
            {
                opening.Hello = hello;
                counters.ClientHellos++;
                events.ClientHello(conversations.At(index, opening.ClientIsInitiator, time), HelloTransport.Quic, opening.Handshake.Version, hello!);
            }
            else
            {
                counters.BrokenMessages++;
            }
        }
    }

    private bool TellAnswers(int index, QuicOpening opening, long time)
    {
        bool over = false;
        IReadOnlyList<ReadOnlyMemory<byte>> messages = opening.Handshake.ServerMessages;
        for (; opening.ServerTold < messages.Count; opening.ServerTold++)
        {
            if (ServerHello.TryParse(messages[opening.ServerTold].Span, out ServerHello? answer) == ParseStatus.Done)
            {
                counters.TlsSessions++;
                events.TlsSession(
                    conversations.At(index, opening.ClientIsInitiator, time), HelloTransport.Quic, opening.Hello, answer!, TlsReader.ResumptionOf(opening.Hello, answer!));
                over |= !answer!.IsHelloRetryRequest;
            }
        }

        return over;
    }
}
