using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Whorl.Native.Capture;

/// <summary>Does something inside another network namespace. What is opened there stays there, whoever uses it later.</summary>
internal static partial class NetworkNamespace
{
    private const int NewNetwork = 0x40000000;

    private const int NotPermitted = 1;

    /// <summary>
    /// Runs <paramref name="open"/> inside the namespace at <paramref name="path"/>, on a thread that ends with it: a thread that has changed
    /// its namespace must never serve anyone else. Null as path: here and now.
    /// </summary>
    public static CaptureFault? Run(string? path, Func<CaptureFault?> open)
    {
        if (path is null)
        {
            return open();
        }

        CaptureFault? fault = null;
        Thread inside = new(() => fault = Enter(path) ?? open()) { IsBackground = true, Name = "namespace" };
        inside.Start();
        inside.Join();
        return fault;
    }

    private static CaptureFault? Enter(string path)
    {
        try
        {
            using SafeFileHandle handle = File.OpenHandle(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
            return Set(handle, NewNetwork) == 0 ? null
                : Marshal.GetLastPInvokeError() == NotPermitted ? new(CaptureFaultKind.NoPrivilege, $"entering the network namespace {path} is not permitted")
                : new(CaptureFaultKind.NoSuchNamespace, $"{path} is no network namespace");
        }
        catch (UnauthorizedAccessException)
        {
            return new(CaptureFaultKind.NoPrivilege, $"reading the network namespace {path} is not permitted");
        }
        catch (IOException)
        {
            return new(CaptureFaultKind.NoSuchNamespace, $"there is no network namespace {path}");
        }
    }

    [LibraryImport("libc", EntryPoint = "setns", SetLastError = true)]
    private static partial int Set(SafeFileHandle handle, int kind);
}
