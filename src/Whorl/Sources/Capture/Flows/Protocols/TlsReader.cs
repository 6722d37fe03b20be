using Whorl.Fingerprints.Tls;
using Whorl.Fingerprints.Wire;
using Whorl.Sources.Capture.Flows.Streams;
using Whorl.Sources.Capture.Flows.Tables;

namespace Whorl.Sources.Capture.Flows.Protocols;

/// <summary>Hellos, answers and certificates of a TLS connection.</summary>
internal sealed class TlsReader(ConversationTable conversations, Openings openings, IFlowEvents events, EngineCounters counters)
{
    private const byte CertificateType = 11;
    private const byte HelloDone = 14;

    private readonly TlsMessages _messages = new();

    /// <summary>Takes what it can; gives the number of bytes that need not be shown again.</summary>
    public int Read(int index, bool forward, long time, ReadOnlySpan<byte> bytes)
    {
        ref Conversation conversation = ref conversations[index];
        ref HalfStream half = ref forward ? ref conversation.Forward : ref conversation.Backward;
        switch (_messages.Next(bytes, ref half.Cursor, afterHello: half.SpeaksAsClient, out ReadOnlySpan<byte> message, out int consumed, out half.Need))
        {
            case TlsStep.Message:
                if (!Take(index, forward, time, message))
                {
                    End(index, forward);
                }

                return consumed;
            case TlsStep.More:
                return consumed;
            case TlsStep.Broken:
                counters.BrokenMessages += half.Told == 0 ? 1 : 0;
                End(index, forward);
                return consumed;
            default:
                End(index, forward);
                return consumed;
        }
    }

    /// <summary>Tells an answer whose hello never came.</summary>
    public void Leave(int index)
    {
        if (conversations[index].Memory is TlsOpening { Early: { } alone } opening)
        {
            opening.Early = null;
            bool clientIsInitiator = conversations[index].Backward.Told > 0;
            counters.TlsSessions++;
            events.TlsSession(conversations.At(index, clientIsInitiator, conversations[index].Summary.End), HelloTransport.Tcp, null, alone, TlsResumption.None);
        }
    }

    /// <summary>How a session goes on from an earlier one, by what was offered and what was taken.</summary>
    public static TlsResumption ResumptionOf(ClientHello? hello, ServerHello answer)
    {
        if (hello is null || answer.IsHelloRetryRequest)
        {
            return TlsResumption.None;
        }

        if (answer.Version is 0x0304 or 0xFEFC)
        {
            return !answer.AcceptsPreSharedKey ? TlsResumption.None
                : hello.OffersEarlyData ? TlsResumption.EarlyData
                : TlsResumption.PreSharedKey;
        }

        // The server repeats the session's id; with a ticket the client makes one up to see that (RFC 5077 §3.4).
        return hello.SessionId.IsEmpty || !hello.SessionId.SequenceEqual(answer.SessionId) ? TlsResumption.None
            : hello.SessionTicketLength > 0 ? TlsResumption.SessionTicket
            : TlsResumption.SessionId;
    }

    private bool Take(int index, bool forward, long time, ReadOnlySpan<byte> message)
    {
        switch (message[0])
        {
            case 1:
                return TakeClientHello(index, forward, time, message);
            case 2:
                return TakeServerHello(index, forward, time, message);
            case CertificateType:
                if (CertificateChain.TryParse(message, out CertificateChain? chain) == ParseStatus.Done)
                {
                    counters.CertificateChains++;
                    events.Certificates(conversations.At(index, forward, time), chain!, conversations[index].Memory?.Hello?.ServerName);
                }
                else
                {
                    counters.BrokenMessages++;
                }

                return false;
            default:
                return message[0] != HelloDone;
        }
    }

    private bool TakeClientHello(int index, bool forward, long time, ReadOnlySpan<byte> message)
    {
        if (ClientHello.TryParse(message, out ClientHello? hello) != ParseStatus.Done)
        {
            counters.BrokenMessages++;
            return false;
        }

        conversations.LearnRoles(index, speakerBegan: forward);
        ref Conversation conversation = ref conversations[index];
        ref HalfStream half = ref forward ? ref conversation.Forward : ref conversation.Backward;
        half.SpeaksAsClient = true;
        half.Told++;
        counters.ClientHellos++;
        Sighting at = conversations.At(index, forward, time);
        events.ClientHello(at, HelloTransport.Tcp, 0, hello!);
        TlsOpening opening = Remember(index);
        opening.Hello = hello;
        if (opening.Early is { } early)
        {
            opening.Early = null;
            Tell(at, hello!, early);
        }

        openings.Recount(index, opening);
        return true;
    }

    private bool TakeServerHello(int index, bool forward, long time, ReadOnlySpan<byte> message)
    {
        if (ServerHello.TryParse(message, out ServerHello? answer) != ParseStatus.Done)
        {
            counters.BrokenMessages++;
            return false;
        }

        ref Conversation conversation = ref conversations[index];
        ref HalfStream half = ref forward ? ref conversation.Forward : ref conversation.Backward;
        ref HalfStream other = ref forward ? ref conversation.Backward : ref conversation.Forward;
        half.Told++;
        ClientHello? hello = conversation.Memory?.Hello;
        if (hello is null && other.Protocol == StreamProtocol.Tls && other.Told == 0)
        {
            // The hello is on its way, in pieces or out of order.
            Leave(index);
            TlsOpening opening = Remember(index);
            opening.Early = answer;
            openings.Recount(index, opening);
        }
        else
        {
            Tell(conversations.At(index, !forward, time), hello, answer!);
        }

        // From TLS 1.3 on certificates are encrypted, and a session that goes on has none.
        return answer!.IsHelloRetryRequest || (answer.Version < 0x0304 && ResumptionOf(hello, answer) == TlsResumption.None);
    }

    // The server's side is what a hello is kept for.
    private void End(int index, bool forward)
    {
        ref Conversation conversation = ref conversations[index];
        ref HalfStream half = ref forward ? ref conversation.Forward : ref conversation.Backward;
        half.Protocol = StreamProtocol.Over;
        if (!half.SpeaksAsClient && conversation.Memory is TlsOpening { Early: null })
        {
            openings.Remove(index);
        }
    }

    private TlsOpening Remember(int index)
    {
        if (conversations[index].Memory is not TlsOpening opening)
        {
            opening = new TlsOpening();
            openings.Add(index, opening);
        }

        return opening;
    }

    private void Tell(in Sighting at, ClientHello? hello, ServerHello answer)
    {
        counters.TlsSessions++;
        events.TlsSession(at, HelloTransport.Tcp, hello, answer, ResumptionOf(hello, answer));
    }
}
