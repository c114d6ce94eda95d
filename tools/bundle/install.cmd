@echo off
rem SPDX-License-Identifier: Apache-2.0
rem Sets Mattebrush up from this folder, for this user, without a network: the engine, then the
rem plug-ins of GIMP, Krita and Blender. "install.cmd --remove" takes it away again.
setlocal
set "HERE=%~dp0"
if "%HERE:~-1%"=="\" set "HERE=%HERE:~0,-1%"
set "DATA=%LOCALAPPDATA%\mattebrush"
if defined MATTEBRUSH_HOME set "DATA=%MATTEBRUSH_HOME%"
for /f "tokens=2 delims=:" %%V in ('findstr /c:"\"python\":" "%HERE%\engine.json"') do set "WANTED=%%~V"
set "WANTED=%WANTED: =%"
set "WANTED=%WANTED:"=%"

rem Any Python can run the set-up; where there is none, the bundle's own is unpacked.
set "UV_NO_CONFIG=1"
set "UV_OFFLINE=1"
set "UV_CACHE_DIR=%DATA%\engine\cache"
set "UV_PYTHON_INSTALL_DIR=%DATA%\engine\python"
set "UV_PYTHON_INSTALL_REGISTRY=0"
call :find
if not defined PYTHON (
    if not exist "%HERE%\python\downloads.json" (
        echo This machine needs Python %WANTED%, or the bundle that brings one.
        exit /b 1
    )
    if not exist "%DATA%\engine" mkdir "%DATA%\engine"
    powershell -NoProfile -Command "(Get-Content -Raw '%HERE%\python\downloads.json').Replace('file://@HERE@', ([Uri]'%HERE%').AbsoluteUri) | Set-Content -NoNewline '%DATA%\engine\downloads.json'"
    "%HERE%\uv.exe" python install --quiet --no-bin --python-downloads-json-url "%DATA%\engine\downloads.json" "%WANTED%"
    call :find
)
if not defined PYTHON exit /b 1
set "UV_NO_CONFIG="
set "UV_OFFLINE="
set "UV_CACHE_DIR="
set "UV_PYTHON_INSTALL_DIR="
set "UV_PYTHON_INSTALL_REGISTRY="

set "PYTHONPATH=%HERE%\setup"
set "PYTHONDONTWRITEBYTECODE=1"
if "%~1"=="--remove" goto remove
"%PYTHON%" -m mattebrush_setup run --yes --folder "%HERE%"
if errorlevel 1 exit /b 1
call :which
set "PYTHONPATH="
"%ENGINE%" -m mattebrush plugin install
if errorlevel 1 echo The engine is ready. Install the plug-ins from "%HERE%\plugins", or start this again when GIMP, Krita or Blender has been started once.
exit /b 0

:remove
call :which
if defined ENGINE "%ENGINE%" -m mattebrush plugin uninstall
"%PYTHON%" -m mattebrush_setup remove
exit /b %errorlevel%

:find
set "PYTHON="
for /f "delims=" %%P in ('call "%HERE%\uv.exe" python find --no-project --no-python-downloads "%WANTED%" 2^>nul') do set "PYTHON=%%P"
exit /b 0

:which
set "ENGINE="
for /f "delims=" %%P in ('call "%PYTHON%" -m mattebrush_setup which') do set "ENGINE=%%P"
exit /b 0
