namespace Whorl.Fingerprints.Tcp;

/// <summary>Writes stacks in the notation of p0f 3.09b.</summary>
internal static class TcpSignatureText
{
    // 24 options of at most 7 characters, 17 quirks of at most 7, numbers: under 400.
    private const int MaxLength = 512;

    // A SYN-ACK that echoes this size answers p0f's own probe; p0f prints a wildcard for it.
    private const int ProbeMss = 1331;

    private static readonly string[] QuirkNames =
    [
        "df", "id+", "id-", "ecn", "0+", "flow", "seq-", "ack+", "ack-", "uptr+", "urgf+", "pushf+", "ts1-", "ts2+", "opt+", "exws", "bad",
    ];

    public static string Raw(TcpStack stack)
    {
        Writer writer = new(stackalloc char[MaxLength]);
        writer.Number(stack.IpVersion);
        writer.Text(":");
        writer.Number(stack.ObservedTtl);
        writer.Text("+");
        if (stack.Distance > TcpStack.MaxDistance)
        {
            writer.Text("?");
        }
        else
        {
            writer.Number(stack.Distance);
        }

        WriteRest(ref writer, stack);
        return writer.ToString();
    }

    public static string WithoutPath(TcpStack stack)
    {
        Writer writer = new(stackalloc char[MaxLength]);
        writer.Number(stack.IpVersion);
        writer.Text(":");
        writer.Number(stack.InitialTtl);
        WriteRest(ref writer, stack);
        return writer.ToString();
    }

    public static string Layout(TcpStack stack)
    {
        Writer writer = new(stackalloc char[MaxLength]);
        WriteLayout(ref writer, stack);
        return writer.ToString();
    }

    /// <summary>The quirk of that name, <see cref="TcpQuirks.None"/> if there is none.</summary>
    public static TcpQuirks QuirkNamed(ReadOnlySpan<char> name)
    {
        for (int i = 0; i < QuirkNames.Length; i++)
        {
            if (name.SequenceEqual(QuirkNames[i]))
            {
                return (TcpQuirks)(1 << i);
            }
        }

        return TcpQuirks.None;
    }

    private static void WriteRest(ref Writer writer, TcpStack stack)
    {
        writer.Text(":");
        writer.Number(stack.IpOptionLength);
        writer.Text(":");
        if (stack is { IsSynAck: true, Mss: ProbeMss })
        {
            writer.Text("*");
        }
        else
        {
            writer.Number(stack.Mss);
        }

        writer.Text(":");
        WindowMultiple multiple = WindowMultiple.Of(stack);
        if (multiple.Factor > 0)
        {
            writer.Text(multiple.OfMtu ? "mtu*" : "mss*");
        }

        writer.Number(multiple.Factor > 0 ? multiple.Factor : stack.Window);
        writer.Text(",");
        writer.Number(stack.WindowScale);
        writer.Text(":");
        WriteLayout(ref writer, stack);
        writer.Text(":");
        WriteQuirks(ref writer, stack.Quirks);
        writer.Text(stack.HasPayload ? ":+" : ":0");
    }

    private static void WriteLayout(ref Writer writer, TcpStack stack)
    {
        string between = "";
        foreach (TcpOption option in stack.Options)
        {
            writer.Text(between);
            between = ",";
            switch (option.Kind)
            {
                case TcpOptionKind.EndOfOptions:
                    writer.Text("eol+");
                    writer.Number(option.Length);
                    break;
                case TcpOptionKind.NoOperation:
                    writer.Text("nop");
                    break;
                case TcpOptionKind.MaximumSegmentSize:
                    writer.Text("mss");
                    break;
                case TcpOptionKind.WindowScale:
                    writer.Text("ws");
                    break;
                case TcpOptionKind.SackPermitted:
                    writer.Text("sok");
                    break;
                case TcpOptionKind.Sack:
                    writer.Text("sack");
                    break;
                case TcpOptionKind.Timestamps:
                    writer.Text("ts");
                    break;
                default:
                    writer.Text("?");
                    writer.Number(option.Kind);
                    break;
            }
        }
    }

    private static void WriteQuirks(ref Writer writer, TcpQuirks quirks)
    {
        string between = "";
        for (int i = 0; i < QuirkNames.Length; i++)
        {
            if (((int)quirks & (1 << i)) != 0)
            {
                writer.Text(between);
                writer.Text(QuirkNames[i]);
                between = ",";
            }
        }
    }

    private ref struct Writer(Span<char> space)
    {
        private readonly Span<char> _space = space;
        private int _length;

        public void Text(string text)
        {
            text.CopyTo(_space[_length..]);
            _length += text.Length;
        }

        public void Number(int number)
        {
            // The buffer is larger than the longest signature, so this cannot fail.
            _ = number.TryFormat(_space[_length..], out int written);
            _length += written;
        }

        public override readonly string ToString() => new(_space[.._length]);
    }
}
